"""A PostgreSQL database of a check's own: what the program is given, and what the judge knows of it.

The program has a role of its own, which owns the database, so that its statements and connections can be told from all others'. It
comes to the server through a proxy. The judge asks past it, as the administrator.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types

from climb.judge.dependencies import servers
from climb.judge.dependencies.asking import as_setup, asked, connected
from climb.judge.dependencies.places import moved
from climb.judge.dependencies.search import Found, search
from climb.judge.expect import CannotTell
from climb.judge.faults.fault import Place
from climb.judge.world.proxy import Proxy

if TYPE_CHECKING:
    from climb.stack.server import Kept

__all__ = ["Database"]

_STATEMENTS = """
SELECT coalesce(sum(calls), 0) FROM pg_stat_statements
WHERE userid = (SELECT oid FROM pg_roles WHERE rolname = $1) AND starts_with(lower(ltrim(query)), lower($2))
"""
_ENDED = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1"


class Database:
    """A fresh database; made by ``World.database``."""

    def __init__(
        self, admin: str, name: str, password: str, proxy: Proxy, *, connections: int, server: Kept | None = None
    ) -> None:
        self.name = name
        self.own_url = moved(admin, login=(name, password), path=name)
        self.url = moved(self.own_url, at=proxy.address)
        self.proxy = proxy
        self.place = Place(proxy=proxy, who="database", part=self)
        self._admin = admin
        self._connections = connections
        self._server = server
        self._connection: Any = None
        self._asking = asyncio.Lock()

    def __repr__(self) -> str:
        return f"<database {self.name} behind {self.proxy!r}>"

    # --- what is in it ---

    async def rows(self, sql: str, *args: object) -> list[Mapping[str, Any]]:
        """What this statement finds, or changes, asked by the judge itself, past the proxy.

        Raises SetupError if the server can't be asked now, and asyncpg's errors for a statement that is wrong.
        """
        async with self._asking, as_setup():
            return [dict(row) for row in await (await self._open()).fetch(sql, *args)]

    async def holding(self, *wanted: str | bytes) -> list[Found]:
        """Where one of these secrets is, as it is or spelled in another way, in any value of any table."""
        async with self._asking, as_setup():
            return await search(await self._open(), wanted)

    async def statements(self, beginning: str = "") -> int:
        """How many statements the program has run since the server started; with ``beginning``, those that begin so.

        Case does not count. What begins and ends transactions is a statement too. Raises CannotTell where the server does not count.
        """
        try:
            async with asked(self._admin) as connection:
                return int(await connection.fetchval(_STATEMENTS, self.name, beginning))
        except asyncpg.PostgresError as error:
            raise CannotTell(
                "the PostgreSQL that DATABASE_URL names does not count statements: it has no pg_stat_statements"
            ) from error

    async def connections(self) -> int:
        """How many connections the program has open."""
        async with asked(self._admin) as connection:
            return int(await connection.fetchval("SELECT count(*) FROM pg_stat_activity WHERE usename = $1", self.name))

    def cpu_seconds(self) -> float:
        """Processor time of its server so far, for whatever other database of it too; 0 if the environment named the server."""
        return servers.cpu_seconds(self._server)

    # --- what goes wrong with it ---

    async def end_connections(self) -> None:
        """The server ends the program's connections, as an administrator or a restart does it."""
        async with asked(self._admin) as connection:
            await connection.fetch(_ENDED, self.name)

    async def fill(self) -> None:
        """Others have all connections: the program's are gone, and it gets no new one."""
        await self._allow(0)
        await self.end_connections()

    async def relieve(self) -> None:
        """There is room again."""
        await self._allow(self._connections)

    async def _allow(self, connections: int) -> None:
        async with asked(self._admin) as connection:
            await connection.execute(f'ALTER ROLE "{self.name}" CONNECTION LIMIT {connections:d}')

    # --- its life ---

    def close(self) -> None:
        """The judge asks nothing more."""
        if self._connection is not None:
            self._connection.terminate()

    async def _open(self) -> Any:
        """The judge's connection to this database, made anew if the last one has ended."""
        if self._connection is None or self._connection.is_closed():
            self._connection = await connected(moved(self._admin, path=self.name))
        return self._connection
