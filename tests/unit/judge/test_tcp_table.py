"""What the kernel's table tells of the other end of a connection."""

from __future__ import annotations

import socket
import struct

from climb.judge.tcp_table import LISTEN, held, tcp_table


def test_an_end_is_held_once_it_is_accepted_and_until_it_is_closed() -> None:
    """Also while bytes wait in it that nobody takes."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as ours:
        ends = ours.getpeername(), ours.getsockname()
        waiting = held(*ends)
        theirs, _ = server.accept()
        theirs.send(b"unread")
        accepted = held(*ends)
        theirs.close()
        closed = held(*ends)

        assert (waiting, accepted, closed) == (False, True, False)


def test_a_connection_that_was_reset_is_held_by_nobody() -> None:
    """It is not in the table any more."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as ours:
        ends = ours.getpeername(), ours.getsockname()
        theirs, _ = server.accept()
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        theirs.close()

        assert not held(*ends)


def test_listeners_are_in_the_table_with_their_state() -> None:
    """The port stands behind the colon, in hexadecimal digits."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = f":{server.getsockname()[1]:04X}"

        assert [row.state for row in tcp_table() if row.own.endswith(port)] == [LISTEN]
