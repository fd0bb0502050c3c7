"""Databases and caches for a world: made fresh, behind a proxy, and gone at the end of a block."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, AsyncExitStack
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg  # type: ignore[import-untyped]  # it ships no types

from climb.errors import SetupError
from climb.judge.dependencies import servers
from climb.judge.dependencies.asking import asked
from climb.judge.dependencies.cache import Cache
from climb.judge.dependencies.database import Database
from climb.judge.dependencies.numbers import free_number
from climb.judge.dependencies.places import endpoint, moved
from climb.judge.dependencies.process import Server, Untouchable
from climb.judge.dependencies.resp import Teller
from climb.judge.expect import CannotTell

if TYPE_CHECKING:
    from climb.judge.faults.fault import Place
    from climb.judge.world.proxy import Proxy
    from climb.judge.world.world import World
    from climb.stack.server import Kept

__all__ = ["opened_cache", "opened_database"]

_DATABASE, _CACHE = "DATABASE_URL", "CACHE_URL"
_CONNECTIONS = 90  # a little less than a server as it comes has for ordinary users
_JUDGE = "judge"
_COUNTING = 0x636C696D62  # any number that others have no lock of

T = TypeVar("T")


@contextlib.asynccontextmanager
async def opened_database(world: World, *, alone: bool, connections: int | None) -> AsyncIterator[Database]:
    """A database and a role of its own, on the server of the environment, on one for this block alone, or on that of all checks."""
    given = servers.given(_DATABASE)
    async with AsyncExitStack() as stack:
        own = await _entered(stack, servers.postgres_alone()) if alone and not given else None
        server = own if own or given else await asyncio.to_thread(servers.postgres_shared)
        admin = server.address if server else given or ""
        name, password = f"check_{secrets.token_hex(5)}", secrets.token_hex(12)
        most = _CONNECTIONS if connections is None else connections
        await _create(admin, name, password, most, counting=not given)
        proxy = await _proxy(world, admin, _DATABASE, 5432)
        database = Database(admin, name, password, proxy, connections=most, server=server)
        _give_process(database.place, own, given and _DATABASE)
        try:
            yield database
        finally:
            database.close()
            if own is not None:
                await asyncio.to_thread(servers.put_in_order, own)
            with contextlib.suppress(SetupError, asyncpg.PostgresError):  # what is left goes with its server
                await _drop(admin, name)


@contextlib.asynccontextmanager
async def opened_cache(world: World) -> AsyncIterator[Cache]:
    """A cache: a server for this block alone, or an empty database of the server that the environment names."""
    given = servers.given(_CACHE)
    async with AsyncExitStack() as stack:
        own = None if given else await _entered(stack, servers.valkey_alone())
        address = own.address if own else await stack.enter_async_context(free_number(given or ""))
        login = (_JUDGE, secrets.token_hex(12))
        admin = moved(address, login=login) if own else address
        url = moved(address, login=("", "")) if own else address
        cache = Cache(admin, url, await _proxy(world, address, _CACHE, 6379), server=own)

        async def ready() -> None:
            if own is not None:
                await _let_everyone_in(own.address, login)
            await cache.begin_to_count()

        _give_process(cache.place, own, given and _CACHE, ready=ready)
        await ready()
        try:
            yield cache
        finally:
            await cache.relieve()


async def _let_everyone_in(address: str, login: tuple[str, str]) -> None:
    """Programs are told an address without a password, so anyone here may come; to change the server takes the judge's."""
    name, password = login
    async with Teller(address, Counter()) as teller:
        await teller.ask("ACL", "SETUSER", name, "on", f">{password}", "~*", "&*", "+@all")
        await teller.ask("ACL", "SETUSER", "default", "nopass", "-@admin")


def _give_process(
    place: Place, own: Kept | None, given: str | None, *, ready: Callable[[], Awaitable[None]] | None = None
) -> None:
    """Let faults reach the server if it is this check's alone, else say why they must not."""
    if own is not None:
        process = Server(own, place.road, ready=ready)
        place.program, place.start = process, process.start
    elif given:
        place.program = Untouchable(CannotTell(f"{given} names a server, and the judge kills and stops none of others"))
    else:
        place.program = Untouchable(RuntimeError("all checks use this server: ask for world.database(alone=True)"))


async def _proxy(world: World, address: str, origin: str, default_port: int) -> Proxy:
    host, port = endpoint(address, origin=origin, default_port=default_port)
    return await world.proxy(port, host=host)


async def _create(admin: str, name: str, password: str, connections: int, *, counting: bool) -> None:
    async with asked(admin) as connection:
        try:
            if counting:
                await _count(connection)
            await connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}' CONNECTION LIMIT {connections:d}")
            await connection.execute(f"GRANT {name} TO CURRENT_USER")  # else only a superuser could give it a database
            await connection.execute(f"CREATE DATABASE {name} OWNER {name} TEMPLATE template0 ENCODING 'UTF8'")
            await connection.execute(f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC")
        except asyncpg.PostgresError as error:
            raise SetupError(
                f"the judge can't make a database for this check: {error}",
                next_step=f"let the user of {_DATABASE} make roles and databases, or unset it"
                if not counting
                else None,
            ) from error


async def _count(connection: Any) -> None:
    """Let the server count statements. IF NOT EXISTS alone does not keep two that ask at the same moment apart."""
    async with connection.transaction():
        await connection.execute(f"SELECT pg_advisory_xact_lock({_COUNTING})")
        await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")


async def _drop(admin: str, name: str) -> None:
    async with asked(admin) as connection:
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await connection.execute(f"DROP ROLE IF EXISTS {name}")


async def _entered(stack: AsyncExitStack, manager: AbstractContextManager[T]) -> T:
    """Enter a block that waits, and leave it with the stack, in a thread each time."""
    entered = await asyncio.to_thread(manager.__enter__)
    stack.push_async_callback(asyncio.to_thread, manager.__exit__, None, None, None)
    return entered
