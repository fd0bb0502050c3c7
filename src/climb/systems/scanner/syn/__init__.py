"""SYN mode: find open ports without completing a handshake, at the speed the kernel can carry packets.

A connect scan costs a socket and some twenty events in the kernel per port. Here a probe is forty-four bytes: a SYN with
a cookie for a sequence number (``cookie.py``, ``packets.py``), sent in batches (``sender.py``). Answers are picked out
and proved genuine inside the kernel (``bpf.py``), land in memory we share with it (``ring.py``), are entered by columns
(``replies.py``) in an array with one byte per port (``board.py``), while three controllers keep the pace
(``pacing.py``). ``scan.py`` is the loop. The kernel itself closes half-open connections with a reset, for it knows no
socket on the port we send from.

Two ways in. ``syn_scan`` yields an answer per port: the open ones when they are found, the others at the end.
``syn_scan_arrays`` yields boards, and a closed port never becomes a Python object: it is the one for a caller that
prints open ports and counts, as the command does without ``--all``.

    for board in syn_scan_arrays(["192.0.2.1"], range(1, 1025), timeout_s=1, on_open=print_line):
        closed += board.count(CLOSED)

``on_open(address, port, rtt_ms)`` is called at once, whereas a board comes when all its hosts are done.
"""

from __future__ import annotations

from climb.systems.scanner.syn.board import CLOSED, FILTERED, OPEN, UNKNOWN, Board

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from climb.systems.scanner.syn.answers import Answer

__all__ = [
    "CLOSED",
    "FILTERED",
    "OPEN",
    "UNKNOWN",
    "Board",
    "SynUnavailableError",
    "syn_scan",
    "syn_scan_arrays",
    "why_not",
]


class SynUnavailableError(Exception):
    """SYN mode cannot work here; the message says why and what to do instead."""


def why_not() -> str | None:
    """Return ``None`` when SYN mode can work here, otherwise the reason and what to do instead."""
    from climb.systems.scanner.syn.drive import obstacle

    return obstacle()


def syn_scan_arrays(
    hosts: Iterable[str],
    ports: Sequence[int],
    *,
    timeout_s: float,
    rate: float | None = None,
    retries: int = 2,
    on_open: Callable[[str, int, float], None] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Iterator[Board]:
    """Scan every port of every host (IP addresses) and yield the results a board of many hosts at a time.

    ``timeout_s`` is the longest that one probe is waited for; shorter once answers have shown how long they take.
    ``rate`` limits the probes of any second, retries included; ``None`` means as fast as answers keep coming.
    ``on_progress`` gets the pairs done and, of the hosts seen so far, all pairs. When ``stop`` returns true the current
    board is yielded as it is and the scan ends. Sockets and memory are freed at the end, whatever the end is.

    Raises ``SynUnavailableError`` where raw packets are not allowed and ``ValueError`` for what is no address or rate.
    """
    from climb.systems.scanner.syn.drive import Wishes, steps

    wishes = Wishes(timeout_s, rate, retries, on_progress, stop)
    for board, found, finished in steps(hosts, ports, wishes):
        if on_open is not None:
            for place in found:
                on_open(*board.where(place), board.rtts_ms[place])
        if finished:
            yield board


def syn_scan(
    hosts: Iterable[str],
    ports: Sequence[int],
    *,
    timeout_s: float,
    rate: float | None = None,
    retries: int = 2,
    on_progress: Callable[[int, int], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Iterator[Answer]:
    """Scan like ``syn_scan_arrays``, but yield one answer per port; ports left unknown by ``stop`` are left out."""
    from climb.systems.scanner.syn.answers import answers
    from climb.systems.scanner.syn.drive import Wishes

    yield from answers(hosts, ports, Wishes(timeout_s, rate, retries, on_progress, stop))
