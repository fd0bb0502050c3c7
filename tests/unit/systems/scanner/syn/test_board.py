"""The array of answers, and the reader that fills it."""

from __future__ import annotations

import struct

from climb.systems.scanner.syn import CLOSED, FILTERED, OPEN, UNKNOWN, Board
from climb.systems.scanner.syn.replies import Reader
from climb.systems.scanner.syn.scan import Round

FIRST, SECOND = bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])


class Heap:
    """An inbox that holds given packets."""

    def __init__(self, *packets: bytes) -> None:
        self.packets = list(packets)

    def wait(self, _seconds: float) -> None:
        raise AssertionError("reading never waits")

    def ready(self) -> int:
        return len(self.packets)

    def column(self, offset: int, count: int) -> bytes:
        return bytes(packet[offset] for packet in self.packets[:count])

    def columns(self, offset: int, width: int, count: int) -> bytes:
        return b"".join(packet[offset : offset + width] for packet in self.packets[:count])

    def packet(self, number: int) -> bytes:
        return self.packets[number]

    def received_at(self, number: int) -> float:
        return float(number)

    def release(self, count: int) -> None:
        del self.packets[:count]


def said(address: bytes, port: int, flags: int, options: bytes = b"") -> bytes:
    """Return a TCP answer; only what the reader looks at has a value."""
    head = struct.pack("!BBHHHBBH", 0x45 + len(options) // 4, 0, 40, 0, 0, 64, 6, 0) + address + bytes(4) + options
    return head + struct.pack("!HHIIBBHHH", port, 0, 0, 0, 5 << 4, flags, 0, 0, 0)


def two_hosts() -> tuple[Board, Reader]:
    board = Board(["192.0.2.1", "192.0.2.2"], [22, 80, 443])
    return board, Reader(board, [FIRST, SECOND])


def test_a_new_board_knows_nothing() -> None:
    """Every place is unknown until something answers."""
    board, _ = two_hosts()

    assert [board.count(code) for code in (UNKNOWN, OPEN, CLOSED, FILTERED)] == [6, 0, 0, 0]


def test_neighbouring_places_are_different_hosts() -> None:
    """A burst of probes is spread over the hosts."""
    board, _ = two_hosts()

    assert [board.where(place) for place in range(3)] == [("192.0.2.1", 22), ("192.0.2.2", 22), ("192.0.2.1", 80)]


def test_resets_are_entered_by_columns() -> None:
    """A batch of plain resets closes exactly the ports named, host by host."""
    board, reader = two_hosts()
    news = reader.read(Heap(said(SECOND, 80, 0x14), said(FIRST, 443, 0x14)), 2)

    assert news == []
    assert [board.where(place) for place in board.places(CLOSED)] == [("192.0.2.2", 80), ("192.0.2.1", 443)]


def test_open_ports_are_reported_with_their_packet() -> None:
    """Among resets, a SYN-ACK is news, with the number of the packet that brought it."""
    board, reader = two_hosts()
    news = reader.read(Heap(said(FIRST, 22, 0x14), said(FIRST, 80, 0x12), said(SECOND, 22, 0x14)), 3)

    assert [(board.where(place), number) for place, number in news] == [(("192.0.2.1", 80), 1)]
    assert (board.count(OPEN), board.count(CLOSED)) == (1, 2)


def test_the_first_answer_stands() -> None:
    """A reset after a SYN-ACK changes nothing, and a second SYN-ACK is no news."""
    board, reader = two_hosts()
    reader.read(Heap(said(FIRST, 80, 0x12)), 1)
    news = reader.read(Heap(said(FIRST, 80, 0x14), said(FIRST, 80, 0x12)), 2)

    assert news == []
    assert board.count(OPEN) == 1
    assert board.count(CLOSED) == 0


def test_unusual_packets_are_read_one_by_one() -> None:
    """A packet with IP options among plain ones costs speed, not correctness."""
    board, reader = two_hosts()
    reader.read(Heap(said(FIRST, 22, 0x14), said(SECOND, 443, 0x14, options=bytes(4))), 2)

    assert [board.where(place) for place in board.places(CLOSED)] == [("192.0.2.1", 22), ("192.0.2.2", 443)]


def test_packets_about_unknown_places_are_ignored() -> None:
    """An address or port that was not asked for is nobody's answer."""
    board, reader = two_hosts()
    reader.read(Heap(said(bytes([192, 0, 2, 3]), 22, 0x14), said(FIRST, 23, 0x14), said(FIRST, 24, 0x12)), 3)

    assert board.count(UNKNOWN) == 6


def test_giving_up_makes_the_silent_filtered() -> None:
    """What is known stays; the rest counts as filtered."""
    board, reader = two_hosts()
    reader.read(Heap(said(FIRST, 22, 0x14)), 1)
    board.give_up()

    assert (board.count(CLOSED), board.count(FILTERED), board.count(UNKNOWN)) == (1, 5, 0)


def test_a_round_knows_when_a_probe_left() -> None:
    """The moment is interpolated within the batch, and unknown for what has not been sent."""
    current = Round([3, 5, 8, 9])
    current.record([(0, 2, 10.0, 11.0), (2, 1, 20.0, 20.5)])

    assert [current.left_at(place) for place in (3, 5, 8, 9, 4)] == [10.0, 10.5, 20.0, None, None]
