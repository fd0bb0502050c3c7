"""From packets in the inbox to entries on the board.

Nearly all of a scan's answers are the same packet: an IPv4 or IPv6 header of the usual length and a TCP reset. They are
taken column by column. Whatever is different - an open port, an ICMP message, IP options - is read packet by packet.
The filter has checked the cookies already; see ``bpf.py``.
"""

from __future__ import annotations

import struct
from array import array

from climb.systems.scanner.syn.board import CLOSED, FILTERED, OPEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from climb.systems.scanner.syn.board import Board
    from climb.systems.scanner.syn.inbox import Inbox

__all__ = ["Reader", "parse"]

_TCP, _SYN = 6, 0x02

NOWHERE = 1 << 30  # not a place on any board


def parse(packet: bytes) -> tuple[bytes, int, int]:
    """Return the scanned address, the scanned port and what the packet says about it.

    The packet must have passed the filter: it is a TCP answer or an ICMP message that quotes a probe.
    """
    if packet[0] >> 4 == 4:
        protocol, address, payload = packet[9], packet[12:16], (packet[0] & 0xF) * 4
        quoted_target, quoted_tcp = payload + 8 + 16, payload + 8 + 20
    else:
        protocol, address, payload = packet[6], packet[8:24], 40
        quoted_target, quoted_tcp = payload + 8 + 24, payload + 8 + 40
    if protocol == _TCP:
        return address, int.from_bytes(packet[payload : payload + 2]), OPEN if packet[payload + 13] & _SYN else CLOSED
    address = packet[quoted_target : quoted_target + len(address)]
    return address, int.from_bytes(packet[quoted_tcp + 2 : quoted_tcp + 4]), FILTERED


class Reader:
    """Enters the answers of one address family on a board."""

    def __init__(self, board: Board, packed: Sequence[bytes]) -> None:
        """Take the board and the packed addresses of its hosts, in the same order."""
        self._board = board
        self._hosts = {address: number for number, address in enumerate(packed)}
        self._rows = array("i", [NOWHERE]) * 65536  # by port: where its places begin on the board
        for number, port in enumerate(board.ports):
            self._rows[port] = number * len(packed)
        self._width = len(packed[0])
        # Where a plain answer has what, by the rules of the two IP versions.
        self._plain: tuple[tuple[int, int], ...]
        if self._width == 4:
            self._source, self._payload, self._plain = 12, 20, ((0, 0x45), (9, _TCP))
        else:
            self._source, self._payload, self._plain = 8, 40, ((6, _TCP),)

    def read(self, inbox: Inbox, count: int) -> list[tuple[int, int]]:
        """Enter the next ``count`` packets; return the new answers that are not resets: (place, number of the packet)."""
        if not self._is_plain(inbox, count):
            return self._read_each(inbox, range(count))
        flags = inbox.column(self._payload + 13, count)
        odd = [] if flags.count(0x14) == count else [n for n, bits in enumerate(flags) if bits & _SYN]
        news = self._read_each(inbox, odd)
        self._read_resets(inbox, count)
        return news

    def place(self, address: bytes, port: int) -> int | None:
        """Return where this port of this host is on the board."""
        host, row = self._hosts.get(address), self._rows[port]
        return None if host is None or row == NOWHERE else row + host

    def _is_plain(self, inbox: Inbox, count: int) -> bool:
        return all(inbox.column(offset, count).count(value) == count for offset, value in self._plain)

    def _read_each(self, inbox: Inbox, numbers: Sequence[int]) -> list[tuple[int, int]]:
        news = []
        for number in numbers:
            address, port, code = parse(inbox.packet(number))
            place = self.place(address, port)
            if place is not None and self._board.answer(place, code) and code != CLOSED:
                news.append((place, number))
        return news

    def _read_resets(self, inbox: Inbox, count: int) -> None:
        """Enter ``CLOSED`` for every packet whose place is still unknown; open ones have been entered before."""
        ports = struct.unpack(f"!{count}H", inbox.columns(self._payload, 2, count))
        rows = self._rows
        places = [rows[port] for port in ports]
        if len(self._hosts) > 1:
            hosts, width = self._hosts, self._width
            sources = inbox.columns(self._source, width, count)
            each = range(0, count * width, width)
            places = [row + hosts.get(sources[at : at + width], NOWHERE) for at, row in zip(each, places, strict=True)]
        codes, end = self._board.codes, len(self._board.codes)
        for place in places:
            if place < end and not codes[place]:
                codes[place] = CLOSED
