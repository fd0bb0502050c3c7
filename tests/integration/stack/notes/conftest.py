"""Real servers for the tests of the stack, one of each for a file, and the notes service, started as others start it."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from climb.stack.postgres import postgres
from climb.stack.secret import Secret
from climb.stack.server import Kept
from climb.stack.valkey import valkey

sys.path.insert(0, str(Path(__file__).parent))  # the service, which is no test

from notes_service import Service, new_database, services  # found by the line above


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
def database_url(database_server: Kept) -> Secret:
    """An empty database of its own."""
    return Secret(new_database(database_server))


@pytest.fixture
def start(database_server: Kept, cache_server: Kept, tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Starts notes services that share a fresh database and an empty cache."""
    with services(database_server, cache_server, tmp_path) as started:
        yield started


@pytest.fixture
async def notes(start: Callable[..., Service]) -> Service:
    """A notes service that is ready."""
    service = start()
    await service.wait_for()
    return service
