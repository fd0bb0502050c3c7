"""From a user's wish to boards: check, cut into portions, open what a portion needs, and close it again."""

from __future__ import annotations

import _socket
import math
import sys
import time
from array import array

from climb.systems.scanner.syn import SynUnavailableError
from climb.systems.scanner.syn.board import UNKNOWN, Board
from climb.systems.scanner.syn.bpf import program
from climb.systems.scanner.syn.cookie import Key
from climb.systems.scanner.syn.mailbox import Mailbox
from climb.systems.scanner.syn.ring import Ring
from climb.systems.scanner.syn.scan import Pace, Scan
from climb.systems.scanner.syn.sender import Crew
from climb.systems.scanner.syn.targets import FAMILY, Destination, Targets, resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Self

    from climb.systems.scanner.syn.bpf import Instruction

__all__ = ["Step", "Wishes", "obstacle", "steps"]

MOST_PLACES = 1 << 18  # host-port pairs on a board: a quarter of a megabyte, and seconds of work
WORTH_A_RING = 8192  # probes; see ``mailbox.py``
MOST_HOSTS = 1 << 14  # on a board: each has some 300 bytes prepared

Step = tuple[Board, list[int], bool]  # a board, the places just found open, whether the board is finished


class Wishes:
    """How to scan, checked."""

    def __init__(
        self,
        timeout_s: float,
        rate: float | None,
        retries: int,
        on_progress: Callable[[int, int], None] | None,
        stop: Callable[[], bool] | None,
    ) -> None:
        """Raise ``ValueError`` for numbers that make no sense."""
        if not (timeout_s > 0 and math.isfinite(timeout_s)):
            raise ValueError(f"timeout_s must be positive, not {timeout_s!r}")
        if rate is not None and not (rate > 0 and math.isfinite(rate)):
            raise ValueError(f"rate must be positive or None, not {rate!r}")
        if retries < 0:
            raise ValueError(f"retries must not be negative, not {retries!r}")
        self.pace = Pace(timeout_s, rate, retries, time.monotonic())
        self.on_progress = on_progress
        self.stop = stop or (lambda: False)


def obstacle() -> str | None:
    """Return why raw packets cannot be used here, and what to do instead; ``None`` if they can."""
    instead = "leave out --syn: the connect scan needs no privileges"
    if sys.platform != "linux":
        return f"SYN mode is written for Linux, and this is {sys.platform}; {instead}"
    try:
        _socket.socket(_socket.AF_INET, _socket.SOCK_RAW, _socket.IPPROTO_RAW).close()
    except PermissionError:
        return f"SYN mode sends raw packets, which needs the capability cap_net_raw; run it with sudo, or {instead}"
    except OSError as error:
        return f"SYN mode cannot open a raw socket here ({error.strerror}); {instead}"
    return None


def steps(hosts: Iterable[str], ports: Sequence[int], wishes: Wishes) -> Iterator[Step]:
    """Scan, one board after the other."""
    reason = obstacle()
    if reason is not None:
        raise SynUnavailableError(reason)
    ports = _distinct(ports)
    if not ports:
        return
    done = seen = 0
    for portion in _portions(hosts, min(MOST_HOSTS, max(1, MOST_PLACES // len(ports)))):
        seen += len(portion) * len(ports)
        for board, found, finished in _portion(portion, ports, wishes):
            if wishes.on_progress is not None:
                wishes.on_progress(done + len(board.codes) - board.count(UNKNOWN), seen)
            if finished:
                done += len(board.codes)
            yield board, found, finished
            if finished and board.count(UNKNOWN):  # stopped
                return


def _distinct(ports: Sequence[int]) -> Sequence[int]:
    """Return the ports in two bytes each, every one once."""
    try:
        packed = array("H", ports)
    except OverflowError as error:
        raise ValueError("a port is a number from 1 to 65535") from error
    asked = bytearray(65536)
    for port in packed:
        asked[port] = 1
    if asked[0]:
        raise ValueError("a port is a number from 1 to 65535, not 0")
    return packed if asked.count(1) == len(packed) else array("H", dict.fromkeys(packed))


def _portions(hosts: Iterable[str], most: int) -> Iterator[list[str]]:
    """Cut the hosts into lists; a host named twice in one list is scanned once."""
    portion: dict[str, None] = {}
    for host in hosts:
        portion[host] = None
        if len(portion) == most:
            yield list(portion)
            portion.clear()
    if portion:
        yield list(portion)


def _portion(hosts: list[str], ports: Sequence[int], wishes: Wishes) -> Iterator[Step]:
    """Scan hosts of either family: those without a route need no probe, the others a board per family."""
    reachable: dict[int, list[Destination]] = {length: [] for length in FAMILY}
    lost = []
    for host in hosts:
        destination = resolve(host)
        if destination is None:
            lost.append(host)
        else:
            reachable[len(destination.packed)].append(destination)
    if lost:
        board = Board(lost, ports)
        board.give_up()
        yield board, [], True
    for destinations in reachable.values():
        if destinations:
            yield from _family(destinations, ports, wishes)


def _family(destinations: list[Destination], ports: Sequence[int], wishes: Wishes) -> Iterator[Step]:
    key, length = Key(), len(destinations[0].packed)
    board = Board([to.address for to in destinations], ports)
    with ReservedPort(length) as reserved:
        code = program(key, reserved.number, length)
        targets = Targets(destinations, key, reserved.number)
        with _inbox(length, code, len(board.codes)) as inbox, Crew(targets, ports) as crew:
            scan = Scan(board, targets, inbox, crew, wishes.pace)
            for found in scan.run(wishes.stop):
                yield board, found, False
    yield board, [], True


def _inbox(length: int, code: list[Instruction], probes: int) -> Ring | Mailbox:
    return Mailbox(code) if length == 4 and probes < WORTH_A_RING else Ring(length, code)


class ReservedPort:
    """A source port that no other program can get meanwhile.

    The socket is bound but neither listens nor connects, so the kernel still finds nobody there when an answer comes,
    and resets the half-open connection for us (RFC 9293, section 3.10.7.1).
    """

    def __init__(self, address_length: int) -> None:
        """Let the kernel choose a port."""
        self._socket = _socket.socket(FAMILY[address_length], _socket.SOCK_STREAM)
        try:
            self._socket.bind(("", 0))
            self.number: int = self._socket.getsockname()[1]
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
