from __future__ import annotations

import pytest

from climb.systems.scanner.host.sockets import SocketRow, decode_address, parse_listening, read_listening

HEADING = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
LISTENS = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000003 00:00000000 00000000  1000        0 4711 1 0 100 0\n"
CONNECTED = (
    "   1: 0100007F:1F90 0100007F:94A8 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0 100 0\n"
)
DATAGRAMS = "  88: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 815 2 0 0\n"
ON_IPV6 = (
    "   0: 00000000000000000000000001000000:1F91 00000000000000000000000000000000:0000 0A"
    " 00000000:00000000 00:00000000 00000000     0        0 99 1 0 100 0 0 10 0\n"
)


@pytest.mark.parametrize(
    ("text", "byte_order", "address"),
    [
        ("0100007F", "little", "127.0.0.1"),
        ("7F000001", "big", "127.0.0.1"),
        ("00000000", "little", "0.0.0.0"),
        ("00000000000000000000000001000000", "little", "::1"),
        ("00000000000000000000000000000001", "big", "::1"),
        ("000080FE00000000FF00FC02010000FE", "little", "fe80::2fc:ff:fe00:1"),
        ("0000000000000000FFFF00000100007F", "little", "::ffff:127.0.0.1"),
    ],
)
def test_addresses_in_the_byte_order_of_the_machine(text, byte_order, address) -> None:
    """Each 32-bit word is turned round on a little-endian machine; the words keep their order."""
    assert decode_address(text, byte_order) == address


def test_only_listening_sockets_are_taken() -> None:
    """A connection of the same port is none; the accept queue is the receive queue of a listener."""
    assert parse_listening(HEADING + LISTENS + CONNECTED, "tcp", "little") == [
        SocketRow(protocol="tcp", address="127.0.0.1", port=8080, uid=1000, inode=4711, waiting=3)
    ]


def test_a_datagram_socket_without_a_peer_listens() -> None:
    """UDP knows no listening state; a socket without a peer takes datagrams from anyone."""
    assert parse_listening(HEADING + DATAGRAMS, "udp", "little") == [
        SocketRow(protocol="udp", address="0.0.0.0", port=53, uid=0, inode=815, waiting=None)
    ]


def test_lines_cut_short_are_skipped() -> None:
    """A table that ends in the middle of a line gives what is complete."""
    assert parse_listening(HEADING + LISTENS[:60], "tcp") == []


def test_all_tables_are_read(machine) -> None:
    """TCP and UDP of both families are put together, and a missing table (no IPv6 here) is empty."""
    folder = "proc/self/net"
    files = machine(
        {
            f"{folder}/tcp": HEADING + LISTENS,
            f"{folder}/tcp6": HEADING + ON_IPV6,
            f"{folder}/udp": HEADING + DATAGRAMS,
        }
    )

    assert [(row.protocol, row.port) for row in read_listening(files)] == [("tcp", 8080), ("tcp", 8081), ("udp", 53)]
