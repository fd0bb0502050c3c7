"""A connection to PostgreSQL as those see it who write with it: what asyncpg's have, typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

__all__ = ["Connection"]


class Connection(Protocol):
    """What a session gives. It is clean when it comes back: nothing is SET but LOCAL, nothing listened to, no temporary table made."""

    async def fetch(self, query: str, *values: object) -> Sequence[Mapping[str, Any]]:
        """All rows."""

    async def fetchrow(self, query: str, *values: object) -> Mapping[str, Any] | None:
        """The first row, if there is one."""

    async def fetchval(self, query: str, *values: object) -> Any:
        """The first value of the first row, None if there is no row."""

    async def execute(self, query: str, *values: object) -> str:
        """What PostgreSQL says that it did, such as ``UPDATE 3``."""

    async def executemany(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        """The query for each of the rows, in one round trip and one transaction."""

    def transaction(
        self, *, isolation: str | None = None, readonly: bool = False
    ) -> AbstractAsyncContextManager[object]:
        """A transaction, or a savepoint within one: kept when the block ends, undone when it raises."""
