"""Real servers for the tests of the stack, one of each for a file, and the notes service, started as others start it."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis

from climb.stack.ports import held_port
from climb.stack.postgres import postgres
from climb.stack.secret import Secret
from climb.stack.server import Kept
from climb.stack.valkey import valkey

sys.path.insert(0, str(Path(__file__).parent))  # the service, which is no test

from notes_service import Service, new_database  # found by the line above


@pytest.fixture(scope="module")
def database_server() -> Iterator[Kept]:
    """A PostgreSQL with room for few, as the tests of "out of connections" need it."""
    with postgres(settings=("max_connections=20",)) as server:
        yield server


@pytest.fixture(scope="module")
def cache_server() -> Iterator[Kept]:
    """A Valkey."""
    with valkey() as server:
        yield server


@pytest.fixture
async def database_url(database_server: Kept) -> Secret:
    """An empty database of its own."""
    return Secret(await new_database(database_server))


@pytest.fixture
async def start(database_server: Kept, cache_server: Kept, tmp_path: Path) -> AsyncIterator[Callable[..., Service]]:
    """Starts notes services on one fresh database and an empty cache; all of them have ended at the test's end."""
    url = await new_database(database_server)
    with Redis.from_url(cache_server.address) as client:
        client.flushall()
    services: list[Service] = []
    ports = []

    def started(**environment: str) -> Service:
        ports.append(held_port())
        given = {"PORT": str(ports[-1].__enter__()), "DATABASE_URL": url, "CACHE_URL": cache_server.address}
        services.append(Service({**given, **environment}, tmp_path / f"log-{len(services)}"))
        return services[-1]

    yield started
    for service in services:
        if service.process.poll() is None:
            service.kill()
    for port in ports:
        port.__exit__(None, None, None)


@pytest.fixture
async def notes(start: Callable[..., Service]) -> Service:
    """A notes service that is ready."""
    service = start()
    await service.wait_for()
    return service
