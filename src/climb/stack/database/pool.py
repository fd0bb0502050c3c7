"""The database of a service: sessions while it is there, an error at once while it is not, and no restart of ours in between.

One connection of its own watches it. When that one gets no answer, the pool is thrown away with all that runs in it: its connections
may be half-open, and waiting for each of them would take as long as the longest timeout, again and again. From then on nobody waits:
a session is refused until the watch has an answer again. A single slow statement ends alone, and asks the watch to look.

asyncpg's pool sends ``RESET ALL`` and more whenever a connection comes back, which is a third of a small query's time. Ours does not,
since sessions here leave nothing behind; what a cancelled one leaves, an open transaction, is rolled back.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types

from climb.stack.away import Away
from climb.stack.database.connection import Connection
from climb.stack.database.outages import BROKEN, BUSY, cut_off, says_away, told
from climb.stack.secret import Secret

__all__ = ["Database", "DatabaseLimits"]

_log = logging.getLogger(__name__)

_LOOK_S = 0.5  # how often the watch asks while all is well
_RETRY_S = 0.25  # and while nothing is
_IDLE_S = 60.0  # a connection that nobody used for so long may have been forgotten on its way
_CROWD_S = 0.02
_PREPARE_RETRY_S = 2.0
_WARM = 3  # connections that are made before anybody asks for one
_WARM_S = 2.0


@dataclass(frozen=True)
class DatabaseLimits:
    """What the database may take. ``wait_s + session_s`` is the longest that anybody waits for it."""

    connections: int = 10
    wait_s: float = 0.5
    """for a connection, new or free"""
    statement_s: float = 1.0
    """for one statement, said to the server"""
    session_s: float = 1.25
    """for all that is done with a connection"""


async def _nothing(_connection: Connection) -> None:
    """No preparation is needed."""


class Database:
    """Open for the time of a block. ``prepare`` makes the tables: it is called once, when the database is first there.

    With a ``schema`` the tables are in it, and it is made if need be: services on one database do not meet.
    """

    def __init__(
        self,
        address: Secret,
        limits: DatabaseLimits = DatabaseLimits(),
        *,
        application: str = "climb",
        schema: str = "public",
        prepare: Callable[[Connection], Awaitable[object]] = _nothing,
    ) -> None:
        self._address = address
        self._limits = limits
        self._application = application
        self._schema = schema
        self._prepare = prepare
        self._prepared = False
        self._pool: Any = None
        self._why = ""
        self._doubt = asyncio.Event()
        self._there = asyncio.Event()

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Database]:
        """Watch the database while the block lasts. It need not be there when this begins, nor later."""
        watch = asyncio.create_task(self._watch(), name="database watch")
        try:
            yield self
        finally:
            watch.cancel()
            await asyncio.wait([watch])
            self._cut()

    async def ready(self) -> None:
        """Raise :class:`Away` unless sessions can be had; a probe of ``/readyz``."""
        self._current()

    async def wait(self) -> None:
        """Wait until sessions can be had."""
        await self._there.wait()

    @contextlib.asynccontextmanager
    async def session(self, *, within_s: float | None = None) -> AsyncIterator[Connection]:
        """A connection for the block, each statement a transaction of its own; :class:`Away` if there is none, or no answer in time.

        ``within_s`` is for work that is known to be large, instead of the limit; each of its statements has the usual one.
        """
        pool = self._current()
        connection = await self._acquired(pool)
        try:
            async with asyncio.timeout(within_s or self._limits.session_s) as limit:
                yield connection
        except BaseException as error:
            late = isinstance(error, TimeoutError) and limit.expired()
            if late or isinstance(error, (asyncio.CancelledError, asyncpg.InternalClientError)):
                cut_off(connection)  # its statement may still run; the next one must not wait for that
            if late or says_away(error, connection):
                self._doubt.set()
                raise Away("database", "no answer in time" if late else type(error).__name__) from error
            raise
        finally:
            with contextlib.suppress(TimeoutError, *BUSY, *BROKEN):
                await pool.release(connection)

    @contextlib.asynccontextmanager
    async def transaction(
        self, *, isolation: str | None = None, readonly: bool = False, within_s: float | None = None
    ) -> AsyncIterator[Connection]:
        """A session with a transaction around the block."""
        async with (
            self.session(within_s=within_s) as connection,
            connection.transaction(isolation=isolation, readonly=readonly),
        ):
            yield connection

    def _current(self) -> Any:
        if self._pool is None:
            raise Away("database")
        return self._pool

    async def _acquired(self, pool: Any) -> Any:
        """A connection of the pool's. While the server has no room for a new one, one of ours may come free."""
        try:
            async with asyncio.timeout(self._limits.wait_s):
                while True:
                    try:
                        return await pool.acquire()
                    except asyncpg.TooManyConnectionsError:
                        await asyncio.sleep(_CROWD_S)
        except TimeoutError:
            self._doubt.set()
            raise Away("database", "no connection came free in time") from None
        except (*BUSY, *BROKEN) as error:
            self._doubt.set()
            raise Away("database", type(error).__name__) from error

    async def _watch(self) -> None:
        """Ask again and again whether the database answers, and do what follows from it."""
        while True:
            delay_s = _RETRY_S
            try:
                async with self._connected() as connection:
                    if not self._prepared:
                        delay_s = _PREPARE_RETRY_S
                        await self._make_schema(connection)
                        await self._prepare(connection)
                        self._prepared = True
                        delay_s = _RETRY_S
                    await self._stay(connection)
            except Exception as error:
                self._lose(told(error))
            await asyncio.sleep(delay_s)

    async def _make_schema(self, connection: Connection) -> None:
        """Asked for first: who may use a schema that is there need not be allowed to make one."""
        if await connection.fetchval("SELECT to_regnamespace($1)", self._schema) is None:
            await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {self._schema}")

    async def _stay(self, connection: Any) -> None:
        """Let sessions be had for as long as the connection answers."""
        while True:
            self._doubt.clear()
            await _answered(connection, self._limits.statement_s)
            if self._pool is None:
                self._pool = await self._warm_pool()
                self._there.set()
                _log.info("database_there")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await self._doubt.wait()

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[Any]:
        """The connection of the watch. It is cut and not closed: a server that does not answer would not say goodbye."""
        connection = await asyncpg.connect(
            self._address.reveal(),
            timeout=self._limits.wait_s,
            server_settings={"application_name": f"{self._application} watch", "search_path": self._schema},
        )
        try:
            yield connection
        finally:
            connection.terminate()

    async def _warm_pool(self) -> Any:
        pool = await self._new_pool()
        try:
            await _warm(pool, min(_WARM, self._limits.connections))
        except BaseException:
            pool.terminate()
            raise
        return pool

    async def _new_pool(self) -> Any:
        milliseconds = str(int(self._limits.statement_s * 1000))
        return await asyncpg.create_pool(
            self._address.reveal(),
            min_size=0,  # so that making it needs no answer from the server
            max_size=self._limits.connections,
            max_inactive_connection_lifetime=_IDLE_S,
            timeout=_WARM_S,  # who asks for a session waits no longer than the limit all the same
            reset=_clean,
            server_settings={
                "application_name": self._application,
                "search_path": self._schema,
                "statement_timeout": milliseconds,
                "lock_timeout": milliseconds,
                "idle_in_transaction_session_timeout": str(
                    int(self._limits.session_s * 1000) + 1000
                ),  # if we stop in the middle
                "jit": "off",  # compiling takes longer than our statements do
            },
        )

    def _lose(self, why: str) -> None:
        if self._cut():
            _log.warning("database_away", extra={"why": why})
        elif not self._prepared and why != self._why:
            _log.warning("database_not_prepared", extra={"why": why})
        self._why = why

    def _cut(self) -> bool:
        """End all sessions at once; whether there could be any."""
        self._there.clear()
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.terminate()
        return pool is not None


async def _answered(connection: Any, within_s: float) -> None:
    """Return when the server has answered; TimeoutError if it has not in time.

    A timeout that cancels would also cancel what has its answer already, if this process did not run for a while. So it is waited
    for and looked at.
    """
    asking = asyncio.ensure_future(connection.fetchval("SELECT 1"))
    try:
        done, _ = await asyncio.wait([asking], timeout=within_s)
        if not done:
            raise TimeoutError
        await asking
    finally:
        asking.cancel()


async def _warm(pool: Any, count: int) -> None:
    """Make some connections: on a busy machine the first who come would wait too long for them. As many as the server has room for."""
    acquiring = (pool.acquire(timeout=_WARM_S) for _ in range(count))
    for connection in await asyncio.gather(*acquiring, return_exceptions=True):
        if not isinstance(connection, BaseException):
            await pool.release(connection)


async def _clean(connection: Any) -> None:
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")
