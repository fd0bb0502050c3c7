"""The judge's own connections to a PostgreSQL, past all proxies; that one can't be asked is the judge's trouble."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types

from climb.errors import SetupError

__all__ = ["as_setup", "asked", "connected"]

_CONNECT_S = 20.0
_ANSWER_S = 60.0
_AWAY = (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError)


async def connected(url: str) -> Any:
    """A connection. Nothing is kept prepared on it: tables may change between two statements."""
    return await asyncpg.connect(url, timeout=_CONNECT_S, command_timeout=_ANSWER_S, statement_cache_size=0)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except _AWAY as error:
        raise SetupError(f"the judge can't ask the database: {error or type(error).__name__}") from error


@contextlib.asynccontextmanager
async def as_setup() -> AsyncIterator[None]:
    """That the server is not there becomes a SetupError; that a statement is wrong stays what it is."""
    with _told():
        yield


@contextlib.asynccontextmanager
async def asked(url: str) -> AsyncIterator[Any]:
    """A connection for a block."""
    with _told():
        connection = await connected(url)
        try:
            yield connection
        finally:
            connection.terminate()
