"""A real PostgreSQL for each file of tests, and the identity service, started as others start it."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from climb.stack.postgres import postgres
from climb.stack.server import Kept

sys.path.insert(0, str(Path(__file__).parent))  # the service, which is no test

from identity_service import Service, services  # found by the line above


@pytest.fixture(scope="module")
def identity_database() -> Iterator[Kept]:
    """A PostgreSQL."""
    with postgres() as server:
        yield server


@pytest.fixture
def start(identity_database: Kept, tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Starts identity services that share a fresh database and a mailbox."""
    with services(identity_database, tmp_path) as started:
        yield started


@pytest.fixture
async def identity(start: Callable[..., Service]) -> Service:
    """An identity service that is ready; logins there fail without being slowed down."""
    service = start(FAILURES="100")
    await service.wait_for()
    return service


@pytest.fixture
def open_place(tmp_path: Path) -> Iterator[Path]:
    """A folder that is not there yet, where a database's user can get if this is root: pytest's own are closed."""
    if os.geteuid() != 0:
        yield tmp_path / "data"
        return
    place = Path(tempfile.mkdtemp(prefix="climb-test-", dir="/tmp"))
    place.chmod(0o711)
    yield place / "data"
    shutil.rmtree(place)
