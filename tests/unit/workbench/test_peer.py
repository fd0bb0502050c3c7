"""Whose connection it is: by asking for one socket, and by reading the tables where that can't be done."""

import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from climb.workbench import peer
from climb.workbench.peer import Address, is_ours, owner_of

pytestmark = pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="the kernel can't be asked here")


class Connection:
    """A connection to a server of our own, from a socket of one of the two families."""

    def __init__(self, family: socket.AddressFamily) -> None:
        host = f"127.{random.randint(1, 254)}.{random.randint(1, 254)}.{random.randint(1, 254)}"
        self.listener = socket.create_server((host, 0))
        self.server: Address = self.listener.getsockname()
        self.near = socket.socket(family)
        mapped = f"::ffff:{host}" if family == socket.AF_INET6 else host
        self.near.connect((mapped, self.server[1]))
        self.far, self.client = self.listener.accept()

    def close(self) -> None:
        for each in (self.near, self.far, self.listener):
            each.close()


@pytest.fixture(params=[socket.AF_INET, socket.AF_INET6], ids=["IPv4", "IPv4 in IPv6"])
def connection(request: pytest.FixtureRequest) -> Iterator[Connection]:
    """A connection of ours, closed afterwards."""
    made = Connection(request.param)
    yield made
    made.close()


def test_a_connection_of_ours_is_ours(connection: Connection) -> None:
    """Whichever family of sockets the client took."""
    assert owner_of(connection.client, connection.server) == os.getuid()
    assert is_ours(connection.client, connection.server)


def test_the_tables_say_the_same(connection: Connection) -> None:
    """They are read where the kernel has no sock_diag."""
    assert peer._listed(connection.client, connection.server) == os.getuid()


def test_a_half_closed_connection_is_still_someones(connection: Connection) -> None:
    """Its client may read on."""
    connection.near.shutdown(socket.SHUT_WR)

    assert is_ours(connection.client, connection.server)


def test_a_closed_connection_is_nobodys(connection: Connection) -> None:
    """The kernel lists it for a while, as root's; nobody is there to read an answer."""
    connection.near.close()

    assert owner_of(connection.client, connection.server) is None
    assert not is_ours(connection.client, connection.server)


def test_both_ends_count(connection: Connection) -> None:
    """A socket with the client's port that is connected elsewhere says nothing of this connection."""
    other = (connection.server[0], connection.server[1] ^ 1)

    assert owner_of(connection.client, other) is None
    assert owner_of((connection.client[0], connection.client[1] ^ 1), connection.server) is None


def test_another_user_is_not_us(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only our own user and root are."""
    monkeypatch.setattr(peer, "owner_of", lambda _client, _server: os.getuid() + 1)

    assert not is_ours(connection.client, connection.server)


def test_a_request_without_a_connection_is_nobodys() -> None:
    """The server knows no client for it."""
    assert not is_ours(None, ("127.0.0.1", 4810))
