"""The routes below ``/v1`` for single links and lists of them, and for their clicks."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import msgspec
from msgspec import UNSET
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from climb.stack.database.connection import Connection
from climb.stack.database.pool import Database
from climb.stack.http.answers import answer, nothing
from climb.stack.http.bodies import json_object, read_query
from climb.stack.http.conditions import demand_match, not_modified, tag
from climb.stack.http.idempotency import Idempotency, key_of
from climb.stack.http.paging import Cursors
from climb.stack.http.problems import Problem, busy, invalid
from climb.stack.tokens.claims import Claims
from climb.systems.links.bearers import ADMIN, bearer
from climb.systems.links.bodies import Bodies, ClicksQuery, ListQuery, NewLink
from climb.systems.links.clicks.statistics import clicks_of
from climb.systems.links.codes import code_like, new_code
from climb.systems.links.entries import Entry
from climb.systems.links.feed import Feed
from climb.systems.links.following import Lookup
from climb.systems.links.keys import Keys
from climb.systems.links.pictures import picture
from climb.systems.links.store import Link, add_link, change_link, delete_link, find_link, lock_link, newest_links

__all__ = ["Links", "Parts", "demand_type", "within"]

_WITHIN_S = 1.8
_TRIES = 20
_LOWER = str.maketrans({letter: letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"})

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Parts:
    """What the routes stand on."""

    database: Database
    keys: Keys
    bodies: Bodies
    lookup: Lookup
    feed: Feed
    idempotency: Idempotency
    address: str


def within(handler: Handler) -> Handler:
    """The handler, which is given up when its answer would come too late to be one."""

    @functools.wraps(handler)
    async def bounded(request: Request) -> Response:
        try:
            async with asyncio.timeout(_WITHIN_S) as limit:
                return await handler(request)
        except TimeoutError:
            if not limit.expired():
                raise
            raise busy("the answer took too long") from None

    return bounded


def demand_type(request: Request, expected: str) -> None:
    """415 unless the body is of that type."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != expected:
        raise Problem(415, f"expected a body of the type {expected}", headers={"Accept": expected})


class Links:
    """The routes."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._database = parts.database

    def routes(self) -> list[Route]:
        """All of them, each with its methods."""
        return [
            Route("/v1/links", within(self.list), methods=["GET"]),
            Route("/v1/links", within(self.make), methods=["POST"]),
            Route("/v1/links/{code}", within(self.read), methods=["GET"]),
            Route("/v1/links/{code}", within(self.change), methods=["PATCH"]),
            Route("/v1/links/{code}", within(self.delete), methods=["DELETE"]),
            Route("/v1/links/{code}/qr", within(self.picture), methods=["GET"]),
            Route("/v1/links/{code}/clicks", within(self.clicks), methods=["GET"]),
        ]

    # --- making ------------------------------------------------------------------------------------------------------

    async def make(self, request: Request) -> Response:
        """Make a link."""
        claims = await self._bearer(request)
        now = datetime.now(UTC)
        demand_type(request, "application/json")
        new = self._parts.bodies.new(json_object(await request.body()), now)
        made: list[Link] = []

        async def work(connection: Connection) -> Response:
            link = await self._made(connection, new, claims.sub, now)
            made.append(link)
            return answer(
                link.shown(self._parts.address), 201, {"Location": f"/v1/links/{link.code}", "ETag": link.tag}
            )

        if key_of(request) is None:
            async with self._database.session() as connection:
                response = await work(connection)
        else:
            response = await self._parts.idempotency.answered(request, claims.sub, now, work)
        for link in made:
            self._parts.lookup.made(link.entry)
        return response

    async def _made(self, connection: Connection, new: NewLink, owner: str, now: datetime) -> Link:
        for _ in range(_TRIES):
            link = await add_link(
                connection,
                code=new.code or new_code(),
                url=new.url,
                owner=owner,
                created_at=now,
                expires_at=new.expires_at,
            )
            if link is not None:
                return link
            if new.code is not None:
                raise Problem(409, "this code is taken")
        raise busy("no code was free")

    # --- one link ----------------------------------------------------------------------------------------------------

    async def read(self, request: Request) -> Response:
        """One link."""
        link = await self._found(request, await self._bearer(request))
        shown = link.shown(self._parts.address)
        return not_modified(request, link.tag) or answer(shown, headers={"ETag": link.tag})

    async def change(self, request: Request) -> Response:
        """Change where it leads, or until when."""
        claims = await self._bearer(request)
        now = datetime.now(UTC)
        demand_type(request, "application/json")
        change = self._parts.bodies.change(json_object(await request.body()), now)
        code = _code(request)
        async with self._database.transaction() as connection:
            link = await lock_link(connection, code=code, owner=claims.sub, all=ADMIN in claims.roles)
            if link is None:
                raise Problem(404)
            demand_match(request, link.tag)
            url = link.url if change.url is UNSET else change.url
            expires_at = link.expires_at if change.expires_at is UNSET else change.expires_at
            version = await change_link(connection, code=code, url=url, expires_at=expires_at)
        changed = msgspec.structs.replace(link, url=url, expires_at=expires_at, version=version)
        await self._tell(changed.entry)
        return answer(changed.shown(self._parts.address), headers={"ETag": changed.tag})

    async def delete(self, request: Request) -> Response:
        """Delete it; its code stays taken."""
        claims = await self._bearer(request)
        code, now = _code(request), datetime.now(UTC)
        async with self._database.session() as connection:
            deleted = await delete_link(connection, code=code, owner=claims.sub, all=ADMIN in claims.roles, at=now)
        if deleted is None:
            raise Problem(404)
        await self._tell(Entry(code, deleted.version))
        return nothing()

    async def picture(self, request: Request) -> Response:
        """A QR code that says the short address."""
        link = await self._found(request, await self._bearer(request))
        content = await asyncio.to_thread(picture, f"{self._parts.address}/{link.code}")
        return Response(content, media_type="image/png")

    async def clicks(self, request: Request) -> Response:
        """How often it was followed, and when."""
        claims = await self._bearer(request)
        asked = read_query(request, ClicksQuery)
        first, end = cast("datetime | None", asked.start), cast("datetime | None", asked.end)
        if first is not None and end is not None and end <= first:
            raise invalid(("to", "expected an hour later than `from`"))
        link = await self._found(request, claims)
        async with self._database.session() as connection:
            return answer(await clicks_of(connection, link.code, first, end, asked.by))

    # --- lists -------------------------------------------------------------------------------------------------------

    async def list(self, request: Request) -> Response:
        """The owner's links, newest first."""
        claims = await self._bearer(request)
        asked = read_query(request, ListQuery)
        q = asked.q.translate(_LOWER)
        cursors = Cursors(f"links {tag(claims.sub, q)}", tuple[datetime, int])
        before = cursors.key(asked.after)
        async with self._database.session() as connection:
            found = await newest_links(
                connection,
                owner=claims.sub,
                before=before and before[0],
                number=before[1] if before else 0,
                q=q,
                limit=asked.limit + 1,
            )
        page = cursors.page(found, asked.limit, lambda link: (link.created_at, link.number))
        return answer({"items": [link.shown(self._parts.address) for link in page.items], "next": page.next})

    # --- what they have in common ------------------------------------------------------------------------------------

    async def _bearer(self, request: Request) -> Claims:
        return await bearer(request, self._parts.keys)

    async def _found(self, request: Request, claims: Claims) -> Link:
        code = _code(request)
        async with self._database.session() as connection:
            link = await find_link(connection, code=code, owner=claims.sub, all=ADMIN in claims.roles)
        if link is None:
            raise Problem(404)
        return link

    async def _tell(self, entry: Entry) -> None:
        """Before a change is answered, all who can be reached know of it; the others find it in the database."""
        self._parts.lookup.is_changed(entry.code)
        await self._parts.feed.told(entry)


def _code(request: Request) -> str:
    code: Any = request.path_params["code"]
    if not code_like(code):
        raise Problem(404)  # no link has such a name
    return str(code)
