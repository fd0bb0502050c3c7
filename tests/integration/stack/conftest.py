"""Folders that a server's user can enter, and clients of servers that are closed with the test."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis


@pytest.fixture
def open_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that is not there yet, in a place where a server's user can get if this is root: pytest's own are closed."""
    if os.geteuid() != 0:
        yield tmp_path / "data"
        return
    place = Path(tempfile.mkdtemp(prefix="climb-test-", dir="/tmp"))
    place.chmod(0o711)
    yield place / "data"
    shutil.rmtree(place)


@pytest.fixture
def connect() -> Iterator[Callable[..., Redis]]:
    """Makes clients of a cache."""
    clients: list[Redis] = []

    def connected(address: str, **settings: object) -> Redis:
        clients.append(Redis.from_url(address, **settings))
        return clients[-1]

    yield connected
    for client in clients:
        client.close()


@pytest.fixture
def gone() -> Callable[[Path], bool]:
    """Whether a folder is removed within ten seconds: the keeper does so after the server's end."""

    def is_gone(folder: Path) -> bool:
        end = time.monotonic() + 10
        while folder.exists() and time.monotonic() < end:
            time.sleep(0.02)
        return not folder.exists()

    return is_gone
