"""Ports that stay ours while nobody listens there."""

import socket
from pathlib import Path

import pytest

from climb.stack.ports import answers, free_port, held_port


def test_a_held_port_refuses_connections_and_nobody_else_gets_it() -> None:
    """Nothing accepts there, and whoever looks for a free port is told that this one is in use."""
    with held_port() as port, socket.socket() as other:
        refused = not answers(port)
        with pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))

    assert refused


def test_a_server_can_open_a_held_port_again_and_again() -> None:
    """A server that sets SO_REUSEADDR listens there, ends, and listens there once more."""
    with held_port() as port:
        for _ in range(2):
            with socket.create_server(("127.0.0.1", port)):
                assert answers(port)
            assert not answers(port)


def test_a_port_that_is_asked_for_is_given_if_it_is_free() -> None:
    """The wanted number is held; one on which another program listens is not, and another one is."""
    wanted = free_port()
    with held_port(wanted) as first:
        pass
    with socket.create_server(("127.0.0.1", wanted)), held_port(wanted) as second:
        pass

    assert first == wanted
    assert second != wanted


def test_ports_lie_outside_of_the_range_for_outgoing_connections() -> None:
    """No connection of anybody's is given such a port while the server is away."""
    low, high = (int(word) for word in Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    if low <= 11_000 and high >= 65_000:
        pytest.skip("this machine leaves nearly no port outside of that range")

    drawn = {free_port() for _ in range(50)}

    assert all(not low <= port <= high for port in drawn)
    assert len(drawn) > 1
