"""The service: its parts wired together, its port, and an end in order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from starlette.applications import Starlette

from climb.stack.away import Away
from climb.stack.database.connection import Connection
from climb.stack.database.migrations import migrate, migrations_in
from climb.stack.database.pool import Database, DatabaseLimits
from climb.stack.http.application import application
from climb.stack.http.idempotency import Idempotency
from climb.stack.http.limits import Limits
from climb.stack.telemetry.metrics import Metrics
from climb.stack.telemetry.traces import Traces
from climb.systems.http.accepting import bound
from climb.systems.http.server import Server
from climb.systems.http.settings import Limits as Bounds
from climb.systems.links.asgi import asgi_resource, problem_answer
from climb.systems.links.bodies import Bodies
from climb.systems.links.clicks.journal import Journal
from climb.systems.links.clicks.moving import Mover
from climb.systems.links.feed import Feed
from climb.systems.links.followed import Followed
from climb.systems.links.following import Lookup
from climb.systems.links.front import Front
from climb.systems.links.imports import IMPORT_BYTES, IMPORT_PATH, Imports
from climb.systems.links.keys import Fetch, Keys, fetched_from
from climb.systems.links.known import Known
from climb.systems.links.odd import odd_routes
from climb.systems.links.routes import Links, Parts
from climb.systems.links.settings import Settings, SettingsError
from climb.systems.links.shared_cache import SharedCache
from climb.systems.links.targets import target_rule

__all__ = ["CONTRACT", "HOST", "bound_to", "serve"]

HOST = "127.0.0.1"
CONTRACT = Path(__file__).parents[2] / "projects" / "links" / "openapi.yaml"
_HERE = Path(__file__).parent
_BODY_BYTES = 64 * 1024
_BELIEVED = 0.85  # of the time in which something may be stale; the rest is for the way of an answer
_NOWHERE = 0.4
_LIMITS = DatabaseLimits(connections=12, wait_s=0.75, statement_s=0.8, session_s=1.0)
_FORGET_EVERY_S = 600.0
_LINGER_S = 0.5
_LOOK_S = 0.05
_STOP_S = 7.0
_YOUNG_OBJECTS = 20_000  # before the collector looks: requests leave no cycles behind

_log = logging.getLogger(__name__)


def bound_to(settings: Settings, host: str = HOST) -> socket.socket:
    """The port, which is taken before anything else happens; SettingsError if it can't be had."""
    try:
        return bound(host, settings.port)
    except OSError as error:
        raise SettingsError([f"PORT={settings.port}: {host} has no such port to give: {error.strerror}"]) from error


def serve(
    settings: Settings, sock: socket.socket, *, keys: Fetch | None = None, ready: Callable[[], None] = lambda: None
) -> None:
    """Serve until SIGTERM or SIGINT. ``ready`` is called once, when the database is there. ``keys`` brings the issuer's keys, if they are not where the settings say."""
    import uvloop

    with sock, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_Service(settings, keys or fetched_from(settings.keys_url)).run(sock, ready))


class _Service:
    """All parts, made in a running loop."""

    def __init__(self, settings: Settings, keys: Fetch) -> None:
        self._settings = settings
        self._metrics = Metrics()
        self._fetch = keys
        self._known = Known(_BELIEVED * settings.stale_s, _NOWHERE * settings.stale_s)

    async def run(self, sock: socket.socket, ready: Callable[[], None]) -> None:
        """Serve at a bound socket until told to stop."""
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with self._front(sock) as front:
            server = Server(
                front.find, Bounds(max_body_bytes=IMPORT_BYTES + 1), say=problem_answer, at_once=front.at_once
            )
            server.begin(sock)
            gc.collect()
            gc.freeze()
            gc.set_threshold(_YOUNG_OBJECTS, 20, 50)
            telling = asyncio.create_task(self._told(ready))
            await stop.wait()
            telling.cancel()
            await server.end(_STOP_S, linger_s=_LINGER_S)

    @contextlib.asynccontextmanager
    async def _front(self, sock: socket.socket) -> AsyncIterator[Front]:
        settings, metrics = self._settings, self._metrics
        stale_s = settings.stale_s
        async with contextlib.AsyncExitStack() as stack:
            if traces := Traces.wanted("links"):
                stack.callback(traces.end)
            database = Database(settings.database_url, _LIMITS, application="links", schema="links", prepare=_prepare)
            cache = SharedCache(settings.cache_url, stale_s, metrics.registry)
            known = self._known
            feed = Feed(database, cache, known, stale_s)
            lookup = Lookup(database, cache, known, stale_s)
            journal = Journal(settings.data_dir)
            followed = Followed(metrics, cache.hits)
            metrics.before_reading.append(followed.hand_over)
            parts = Parts(
                database,
                Keys(settings.issuer, self._fetch),
                Bodies(target_rule(settings.address, allow_private=settings.allow_private == "1")),
                lookup,
                feed,
                Idempotency(database),
                settings.address,
            )
            app = self._application(parts, cache)
            address = sock.getsockname()[:2]
            front = Front(
                known,
                lookup,
                journal,
                followed,
                asgi_resource(app, _BODY_BYTES, address),
                asgi_resource(app, IMPORT_BYTES, address),
            )
            app.router.routes.extend(odd_routes(front))
            await stack.enter_async_context(app.router.lifespan_context(app))
            stack.push_async_callback(cache.close)
            await stack.enter_async_context(database.open())
            await stack.enter_async_context(Mover(database, journal).open())
            await stack.enter_async_context(feed.open())
            tidying = asyncio.create_task(self._tidy(parts.idempotency))
            stack.callback(tidying.cancel)
            yield front

    def _application(self, parts: Parts, cache: SharedCache) -> Starlette:
        @contextlib.asynccontextmanager
        async def around(_app: Starlette) -> AsyncIterator[None]:
            yield

        return application(
            [*Links(parts).routes(), *Imports(parts).routes()],
            around=around,
            metrics=self._metrics,
            limits=Limits(body_bytes=_BODY_BYTES, larger_bodies={IMPORT_PATH: IMPORT_BYTES}, request_s=15.0),
            probes={"database": parts.database.ready, "cache": cache.ready},
            ready=self._is_ready,
            contract=CONTRACT,
        )

    async def _told(self, ready: Callable[[], None]) -> None:
        """Say it when the changes were heard of once, which is when the database is there."""
        while self._known.fed_until == 0:  # noqa: ASYNC110 - it is set on the quick way, which has no time for events
            await asyncio.sleep(_LOOK_S)
        ready()

    def _is_ready(self, found: Mapping[str, str]) -> bool:
        """With one of the two, most can be followed; but nothing before the changes were heard of once."""
        return self._known.fed_until > 0 and "ok" in found.values()

    async def _tidy(self, idempotency: Idempotency) -> None:
        while True:
            await asyncio.sleep(_FORGET_EVERY_S)
            with contextlib.suppress(Away):
                while await idempotency.forget(datetime.now(UTC)):
                    pass


async def _prepare(connection: Connection) -> None:
    await migrate(connection, migrations_in(_HERE / "migrations"))
