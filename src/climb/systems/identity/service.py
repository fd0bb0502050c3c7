"""The service: its parts, wired, and what runs beside the requests."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette

from climb.stack.away import Away
from climb.stack.database.connection import Connection
from climb.stack.database.migrations import migrate
from climb.stack.database.pool import Database, DatabaseLimits
from climb.stack.database.queries import Query
from climb.stack.http.application import application
from climb.stack.http.serving import Serving, serve
from climb.stack.telemetry.metrics import Metrics
from climb.stack.telemetry.traces import Traces
from climb.systems.identity.api.accounts import Accounts
from climb.systems.identity.api.authorize import Authorize
from climb.systems.identity.api.bearer import Bearer
from climb.systems.identity.api.clients import Clients
from climb.systems.identity.api.sessions import Sessions
from climb.systems.identity.api.token import Tokens
from climb.systems.identity.api.users import Users
from climb.systems.identity.api.well_known import WellKnown
from climb.systems.identity.given import plain_address
from climb.systems.identity.hashing import Line, Passwords, hashed, usual_threads
from climb.systems.identity.issuing import Issuing
from climb.systems.identity.keyring import KeyRing
from climb.systems.identity.outbox import Deliver, Outbox, posted
from climb.systems.identity.parts import Parts
from climb.systems.identity.random_texts import new_id
from climb.systems.identity.settings import Settings
from climb.systems.identity.storage import queries
from climb.systems.identity.trying import Trying

__all__ = ["CONTRACT", "build", "run"]

CONTRACT = Path(__file__).parents[2] / "projects" / "identity" / "openapi.yaml"

_log = logging.getLogger(__name__)

# A login asks the database twice, and is answered within three seconds whatever that one does.
_LIMITS = DatabaseLimits(connections=12, wait_s=0.4, statement_s=0.8, session_s=0.9)
_CLEAN_EVERY_S = 60.0
_CLEAN_AT_ONCE = 500
_LINGER_S = 0.25


def run(settings: Settings, *, deliver: Deliver | None = None, ready: Callable[[], None] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; the exit code. ``ready`` is called once, when all is there."""
    return serve(build(settings, deliver=deliver, ready=ready), Serving(port=settings.port, linger_s=_LINGER_S))


def build(settings: Settings, *, deliver: Deliver | None = None, ready: Callable[[], None] | None = None) -> Starlette:
    """The application with everything wired; messages are posted to ``MAIL_URL`` unless they are delivered otherwise."""
    metrics = Metrics()

    async def prepare(connection: Connection) -> None:
        await migrate(connection, queries.MIGRATIONS)
        await _make_admin(connection, settings)
        await keys.prepare(connection)

    async def has_keys() -> None:
        if not keys.is_there:
            raise Away("database", "no keys yet")

    database = Database(settings.database_url, _LIMITS, application="identity", schema="identity", prepare=prepare)
    keys = KeyRing(database, settings.known_as, settings.access_s)
    line = Line(usual_threads())
    passwords = Passwords(line)
    outbox = Outbox(database, deliver or posted(settings.mail_url), settings.link_s)
    parts = Parts(
        settings=settings,
        database=database,
        keys=keys,
        bearer=Bearer(keys),
        issuing=Issuing(keys, settings),
        passwords=passwords,
        trying=Trying(database, passwords, settings),
        outbox=outbox,
    )

    @asynccontextmanager
    async def around(_app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if traces := Traces.wanted("identity"):
                stack.callback(traces.end)
            stack.callback(line.end)
            await stack.enter_async_context(database.open())
            for work in (keys.follow(), outbox.run(), _clean(database, settings), _told(database, ready)):
                await stack.enter_async_context(_beside(asyncio.create_task(work)))
            yield

    kinds = (Accounts, Sessions, Users, Clients, Authorize, Tokens, WellKnown)
    return application(
        [route for kind in kinds for route in kind(parts).routes()],
        around=around,
        metrics=metrics,
        probes={"database": database.ready, "keys": has_keys},
        contract=CONTRACT,
    )


async def _told(database: Database, ready: Callable[[], None] | None) -> None:
    await database.wait()
    if ready is not None:
        ready()


@asynccontextmanager
async def _beside(task: asyncio.Task[None]) -> AsyncIterator[None]:
    """The task runs while the block lasts."""
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _make_admin(connection: Connection, settings: Settings) -> None:
    """The first admin, if one is named and nobody has the address."""
    if settings.admin_email is None or settings.admin_password is None:
        return
    email = plain_address(settings.admin_email)
    if await queries.knows_address(connection, email=email):
        return
    password_hash = await asyncio.to_thread(hashed, settings.admin_password.reveal())
    made = await queries.make_admin(connection, id=new_id(), email=email, password_hash=password_hash)
    if made:
        _log.info("admin_made")


async def _clean(database: Database, settings: Settings) -> None:
    """Remove what has run out, now and then."""
    while True:
        await asyncio.sleep(_CLEAN_EVERY_S)
        try:
            for query in queries.CLEANING:
                while await _cleaned(query, database, settings) == _CLEAN_AT_ONCE:
                    pass
        except Away:
            continue
        except Exception:
            _log.exception("cleaning_failed")


async def _cleaned(query: Query[int], database: Database, settings: Settings) -> int:
    """How much was removed."""
    given = {"most": _CLEAN_AT_ONCE, "lock_s": settings.lock_s}
    async with database.session() as connection:
        return await query(connection, **{name: given[name] for name in query.statement.parameters})
