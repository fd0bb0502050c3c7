"""``python __main__.py``: the service, told everything by its environment."""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from climb.stack.cache.cache import Cache
from climb.stack.cache.commands import SharedConnection
from climb.stack.database.connection import Connection
from climb.stack.database.migrations import migrate, migrations_in
from climb.stack.database.pool import Database, DatabaseLimits
from climb.stack.database.queries import Queries
from climb.stack.http.answers import answer, nothing
from climb.stack.http.application import application
from climb.stack.http.bodies import read_json, read_query
from climb.stack.http.conditions import demand_match, not_modified, tag
from climb.stack.http.idempotency import Idempotency
from climb.stack.http.limits import Limits
from climb.stack.http.paging import Cursors, PageQuery
from climb.stack.http.problems import Problem
from climb.stack.http.protocol import Bounds
from climb.stack.http.serving import Serving, serve
from climb.stack.secret import Secret
from climb.stack.settings import SettingsError, read_settings
from climb.stack.telemetry.logs import set_up_logs
from climb.stack.telemetry.metrics import Metrics
from climb.stack.telemetry.traces import Traces, outgoing

HERE = Path(__file__).parent
Url = Annotated[Secret, Meta(pattern="^[a-z]+://", examples=["postgresql://user:password@host:port/name"])]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the service is told."""

    port: Annotated[int, Meta(ge=1, le=65_535)]
    database_url: Url
    cache_url: Url
    connections: Annotated[int, Meta(ge=1, le=100)] = 10
    stall_s: Annotated[float, Meta(ge=0.01, extra={"unit": "s"})] = 10.0
    request_s: Annotated[float, Meta(ge=0.01, extra={"unit": "s"})] = 5.0
    head_bytes: Annotated[int, Meta(ge=100)] = 16_384
    clients: Annotated[int, Meta(ge=1)] = 10_000


class NewNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a note is made of."""

    text: Annotated[str, Meta(min_length=1, max_length=200)]
    owner: Annotated[str, Meta(min_length=1, max_length=20, pattern="^[a-z]+$")] = "nobody"


class Note(msgspec.Struct, frozen=True):
    """A note as it is kept."""

    number: int
    owner: str
    text: str
    version: int
    created_at: datetime

    @property
    def tag(self) -> str:
        return tag(self.number, self.version)


SQL = Queries(HERE / "notes.sql")
add_note = SQL.row("add_note", Note)
find_note = SQL.row("find_note", Note)
newest_notes = SQL.rows("newest_notes", Note)
change_note = SQL.row("change_note", Note)
remove_note = SQL.count("remove_note")
count_notes = SQL.value("count_notes", int)
CURSORS = Cursors("notes", tuple[int])


class Notes:
    """The routes."""

    def __init__(self, database: Database, cache: Cache) -> None:
        self.database, self.cache = database, cache
        self.idempotency = Idempotency(database)
        self.fetched = 0

    def routes(self) -> list[Route]:
        return [
            Route("/v1/notes", self.list, methods=["GET"]),
            Route("/v1/notes", self.add, methods=["POST"]),
            Route("/v1/notes/{number:int}", self.read, methods=["GET"]),
            Route("/v1/notes/{number:int}", self.change, methods=["PUT"]),
            Route("/v1/notes/{number:int}", self.remove, methods=["DELETE"]),
            Route("/slow", self.slow),
            Route("/stuck", self.stuck),
            Route("/broken", self.broken),
            Route("/hop", self.hop),
            Route("/large", self.large),
            Route("/body", self.body, methods=["POST"]),
        ]

    async def add(self, request: Request) -> Response:
        new = await read_json(request, NewNote)

        async def work(connection: Connection) -> Response:
            note = await add_note(connection, owner=new.owner, text=new.text)
            if delay_s := float(request.query_params.get("delay_s", 0)):
                await asyncio.sleep(delay_s)
            return answer(note, 201, {"Location": f"/v1/notes/{note.number}", "ETag": note.tag})

        return await self.idempotency.answered(request, new.owner, datetime.now(UTC), work)

    async def list(self, request: Request) -> Response:
        asked = read_query(request, PageQuery)
        before = CURSORS.key(asked.after)
        async with self.database.session() as connection:
            found = await newest_notes(connection, before=before and before[0], limit=asked.limit + 1)
        return answer(CURSORS.page(found, asked.limit, lambda note: (note.number,)))

    async def read(self, request: Request) -> Response:
        number = request.path_params["number"]
        known = await self.cache.get_or_fetch(f"note:{number}", 60_000, lambda: self.fetch(number))
        if not known:
            raise Problem(404)
        note = msgspec.json.decode(known, type=Note)
        return not_modified(request, note.tag) or answer(note, headers={"ETag": note.tag})

    async def fetch(self, number: int) -> bytes:
        self.fetched += 1
        if not 0 <= number < 2**63:
            return b""
        async with self.database.session() as connection:
            note = await find_note(connection, number=number)
        return msgspec.json.encode(note) if note else b""

    async def change(self, request: Request) -> Response:
        new = await read_json(request, NewNote)
        number = request.path_params["number"]
        if not 0 <= number < 2**63:
            raise Problem(404)
        async with self.database.transaction() as connection:
            note = await find_note(connection, number=number)
            if note is None:
                raise Problem(404)
            demand_match(request, note.tag)
            changed = await change_note(connection, number=number, version=note.version, text=new.text)
            if changed is None:
                raise Problem(412, "it has changed meanwhile")
        await self.cache.delete(f"note:{number}")
        return answer(changed, headers={"ETag": changed.tag})

    async def remove(self, request: Request) -> Response:
        async with self.database.session() as connection:
            if not await remove_note(connection, number=request.path_params["number"]):
                raise Problem(404)
        return nothing()

    async def slow(self, request: Request) -> Response:
        await asyncio.sleep(float(request.query_params["s"]))
        return answer("done")

    async def stuck(self, request: Request) -> Response:
        """A statement that takes too long, or a connection that is held for too long."""
        async with self.database.session() as connection:
            if request.query_params.get("held"):
                await asyncio.sleep(float(request.query_params["held"]))
            return answer(await connection.fetchval("SELECT pg_sleep($1)::text", float(request.query_params["s"])))

    async def broken(self, _request: Request) -> Response:
        raise RuntimeError("the secret of this service is 12345")

    async def hop(self, _request: Request) -> Response:
        return answer(outgoing())

    async def large(self, _request: Request) -> Response:
        return answer("x" * 30_000_000)

    async def body(self, request: Request) -> Response:
        return answer({"bytes": len(await request.body()), "fetched": self.fetched})


def build(settings: Settings) -> Starlette:
    """The application with everything wired."""
    metrics = Metrics(slow_s=0.05)
    migrations = migrations_in(HERE / "migrations")
    database = Database(
        settings.database_url,
        DatabaseLimits(connections=settings.connections),
        application="notes",
        prepare=lambda connection: migrate(connection, migrations),
    )
    cache = Cache(SharedConnection(settings.cache_url), registry=metrics.registry)

    @asynccontextmanager
    async def around(_app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if traces := Traces.wanted("notes"):
                stack.callback(traces.end)
            await stack.enter_async_context(database.open())
            await stack.enter_async_context(cache.open())
            yield

    return application(
        Notes(database, cache).routes(),
        around=around,
        metrics=metrics,
        limits=Limits(request_s=settings.request_s, larger_bodies={"/body": 10_000_000}),
        probes={"database": database.ready},
        contract=HERE / "openapi.yaml",
    )


def main() -> int:
    """Read the settings and serve."""
    set_up_logs()
    try:
        settings = read_settings(Settings, environment=os.environ)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    logging.getLogger("notes").info("started")
    bounds = Bounds(
        stall_s=settings.stall_s, head_s=settings.stall_s, head_bytes=settings.head_bytes, connections=settings.clients
    )
    return serve(build(settings), Serving(port=settings.port, bounds=bounds))


if __name__ == "__main__":
    sys.exit(main())
