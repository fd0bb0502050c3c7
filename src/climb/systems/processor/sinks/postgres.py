"""Closed windows as rows of a PostgreSQL table: each once, since the rows and the cursor behind them are one transaction."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg  # type: ignore[import-untyped]  # it ships no types

from climb.systems.processor.pipeline.errors import EdgeError
from climb.systems.processor.pipeline.model import Aggregate
from climb.systems.processor.sinks.rows import Row, Unavailable, chosen

__all__ = ["Postgres"]

_WITHIN_S = 30.0
_WHOLE = {"count", "first_ts", "last_ts"}


class Postgres:
    """The sink of a ``postgres`` part. ``owner`` is whose windows these are: a cursor means nothing to another processor.

    Names of tables are checked where the pipeline is read, so they need no quotes.
    """

    def __init__(self, url: str, table: str, owner: str, aggregates: Sequence[Aggregate]) -> None:
        self._url = url
        self._table = table
        self._owner = owner
        self._aggregates = aggregates
        self._connection: asyncpg.Connection | None = None

    async def open(self) -> str | None:
        """Connect, make the tables if they are missing, and find the cursor."""
        try:
            self._connection = await asyncpg.connect(self._url, timeout=_WITHIN_S, command_timeout=_WITHIN_S)
            await self._connection.execute(self._schema())
            cursor: str | None = await self._connection.fetchval(
                f"SELECT cursor FROM {self._table}_cursor WHERE owner = $1",  # noqa: S608 - see the class
                self._owner,
            )
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise _translated(error) from error
        return cursor

    async def write(self, rows: Sequence[Row], cursor: str) -> None:
        """Insert rows and move the cursor, both or neither."""
        assert self._connection is not None
        columns = ["sensor", "start_ms", "end_ms", *self._aggregates]
        records = [tuple(chosen(row, self._aggregates).values()) for row in rows]
        try:
            async with self._connection.transaction():
                await self._connection.copy_records_to_table(self._table, records=records, columns=columns)
                await self._connection.execute(
                    f"INSERT INTO {self._table}_cursor (owner, cursor) VALUES ($1, $2)"  # noqa: S608 - see the class
                    " ON CONFLICT (owner) DO UPDATE SET cursor = excluded.cursor",
                    self._owner,
                    cursor,
                )
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise _translated(error) from error

    async def close(self) -> None:
        """Let the connection go, without waiting for a server that may be gone."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    def _schema(self) -> str:
        columns = "".join(
            f", {name} {'bigint' if name in _WHOLE else 'double precision'} NOT NULL" for name in self._aggregates
        )
        return (
            f"CREATE TABLE IF NOT EXISTS {self._table} (sensor text NOT NULL, start_ms bigint NOT NULL,"
            f" end_ms bigint NOT NULL{columns}, PRIMARY KEY (start_ms, sensor));"
            f"CREATE TABLE IF NOT EXISTS {self._table}_cursor (owner text PRIMARY KEY, cursor text NOT NULL)"
        )


def _translated(error: Exception) -> EdgeError:
    """What may pass is worth waiting for; a table that does not fit is not."""
    lasting = (
        asyncpg.UndefinedColumnError,
        asyncpg.NotNullViolationError,
        asyncpg.DatatypeMismatchError,
        asyncpg.UniqueViolationError,
        asyncpg.InvalidAuthorizationSpecificationError,
        asyncpg.InsufficientPrivilegeError,
        asyncpg.InvalidCatalogNameError,
    )
    text = f"PostgreSQL: {str(error) or type(error).__name__}"
    return EdgeError(text) if isinstance(error, lasting) else Unavailable(text)
