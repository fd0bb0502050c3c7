"""A world for each test, and plain blocking sockets as its clients.

A blocking connect on loopback completes in the kernel, before the world's event loop gets to run. So tests can arrange exactly
what the world finds when it looks next.
"""

import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from climb.judge.choices import Choices
from climb.judge.world import Server, World

Connect = Callable[[Server], socket.socket]


@pytest.fixture
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """A world of this test's own, which must end without mishaps."""
    async with World(Choices(request.node.name)) as world:
        yield world
    assert world.mishaps == []


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Connects to a server with a blocking socket; all are closed at the end."""
    opened: list[socket.socket] = []

    def connect(server: Server) -> socket.socket:
        opened.append(socket.create_connection((server.address, server.port), timeout=5))
        return opened[-1]

    yield connect
    for sock in opened:
        sock.close()


@pytest.fixture
def open_files() -> Callable[[], int]:
    """How many descriptors this process has."""
    return lambda: len(list(Path("/proc/self/fd").iterdir()))
