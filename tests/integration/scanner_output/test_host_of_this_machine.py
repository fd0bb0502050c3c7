"""The report of the machine that runs the tests."""

from __future__ import annotations

import io
import os
import socket
import sys
from typing import TYPE_CHECKING

import pytest

from climb.systems.scanner import host

if TYPE_CHECKING:
    from climb.systems.scanner.host.report import Listener

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the report is read from Linux's /proc")


def listeners_on(port: int, protocol: str) -> list[Listener]:
    return [one for one in host.describe().listeners if (one.protocol, one.port) == (protocol, port)]


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_a_listener_of_ours_is_seen_with_our_pid(family, address) -> None:
    """A TCP socket that this process opened is listed with its address and this process as its holder."""
    try:
        server = socket.create_server((address, 0), family=family)
    except OSError as error:
        pytest.skip(f"{address} can't be bound here: {error}")
    with server:
        (listener,) = listeners_on(server.getsockname()[1], "tcp")

    assert listener.address == address
    assert os.getpid() in [process.pid for process in listener.processes]
    assert listener.waiting == 0


def test_a_connection_nobody_accepted_is_counted() -> None:
    """A client's connect succeeds before the program accepts; until then it waits in the queue."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        (listener,) = listeners_on(server.getsockname()[1], "tcp")

    assert listener.waiting == 1


def test_a_datagram_socket_of_ours_is_seen() -> None:
    """A bound UDP socket counts as listening."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        (listener,) = listeners_on(server.getsockname()[1], "udp")

    assert os.getpid() in [process.pid for process in listener.processes]


def test_a_bound_socket_that_does_not_listen_is_not_listed() -> None:
    """Holding a port is not the same as listening on it."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        listed = listeners_on(bound.getsockname()[1], "tcp")

    assert listed == []


def test_the_essentials_of_this_machine_are_known() -> None:
    """Kernel, memory, processors and the loopback interface are told on every Linux."""
    report = host.describe()

    assert report.system.kernel == os.uname().release
    assert report.memory.total_bytes
    assert report.cpu.usable == len(os.sched_getaffinity(0))
    assert "127.0.0.1" in [address.address for one in report.interfaces for address in one.ipv4]


@pytest.mark.parametrize("kind", ["json", "table"])
def test_the_report_can_be_rendered(kind) -> None:
    """Whatever this machine is like, its report can be shown."""
    stream = io.StringIO()

    host.render(host.describe(), kind, stream)

    assert os.uname().release in stream.getvalue()
