"""Addresses as /proc/net/tcp writes them, and which of them are a program's."""

import os
import socket
import sys

import pytest

from climb.judge.listening import _address, listened_on


@pytest.mark.skipif(sys.byteorder != "little", reason="the examples are from a little-endian machine")
@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("0100007F:1F90", "127.0.0.1:8080"),
        ("00000000:0016", "0.0.0.0:22"),
        ("00000000000000000000000001000000:0050", "[::1]:80"),
    ],
)
def test_an_address_is_read_in_the_machines_byte_order(text: str, address: str) -> None:
    """Both families."""
    assert _address(text) == address


def test_a_listener_is_found_with_its_process() -> None:
    """Our own is ours, and not that of the process that started us."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        mine = f"127.0.0.1:{server.getsockname()[1]}"

        assert mine in listened_on([os.getpid()])
        assert mine not in listened_on([os.getppid()])
