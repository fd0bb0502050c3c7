"""A connection with readings, as its worker sees it: what is read and not answered yet, and answers that wait to be sent."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from climb.systems.processor.engine.acks import highest_of
from climb.systems.processor.engine.parsing import Feed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["ANSWERS_WAITING", "BYTES_IN_FLIGHT", "Batch", "Connection", "Part"]

BYTES_IN_FLIGHT = 1 << 20  # of one connection, read and not acknowledged: more is not read; the contract allows 8 MiB
ANSWERS_WAITING = 1 << 16  # bytes that a sender has not read: then it is not listened to either
_NAMES_IN_ACK = 500  # sensors in a line of acks, so that no client's limit on lines is met

_encode = msgspec.json.Encoder().encode


class Batch:
    """Bytes that were read at once, until each of their readings is safe."""

    __slots__ = ("arrived_ns", "connection", "parts", "readings", "size")

    def __init__(self, connection: Connection, size: int, readings: int, arrived_ns: int) -> None:
        self.connection = connection
        self.size = size
        self.readings = readings
        self.arrived_ns = arrived_ns
        self.parts = 0  # how many logs hold a part of it


class Part:
    """What of a batch is in one log, and what to acknowledge when it is safe there."""

    __slots__ = ("batch", "sensors", "seqs")

    def __init__(self, batch: Batch, readings: NDArray[Any]) -> None:
        top = highest_of(readings)
        self.batch = batch
        self.sensors: list[int] = top["sensor"].tolist()
        self.seqs: list[int] = top["seq"].tolist()
        batch.parts += 1


class Connection:
    """One sender."""

    __slots__ = (
        "_acks", "_highest", "_out", "_sock", "eof", "feed", "fileno", "held", "held_batch", "in_flight", "internal",
        "linger_until", "mask", "more",
    )  # fmt: skip

    def __init__(self, sock: socket.socket, *, internal: bool) -> None:
        sock.setblocking(False)
        self._sock = sock
        self.fileno = sock.fileno()
        self.internal = internal
        self.feed = Feed(connection=self.fileno)
        self.eof = False
        self.more = False  # whole lines are waiting in the feed
        self.in_flight = 0  # bytes
        self.held: np.ndarray[Any, Any] | None = None  # readings of sensors that have no number yet
        self.held_batch: Batch | None = None
        self.linger_until: float | None = None
        self.mask = 0  # what epoll watches for
        self._out = bytearray()
        self._acks: dict[int, int] = {}
        self._highest: dict[int, int] = {}

    @property
    def wants_input(self) -> bool:
        """Tell whether another piece may be read."""
        return not (
            self.eof
            or self.more
            or self.held is not None
            or self.in_flight >= BYTES_IN_FLIGHT
            or len(self._out) >= ANSWERS_WAITING
        )

    @property
    def has_output(self) -> bool:
        return bool(self._out)

    @property
    def is_answered(self) -> bool:
        """Tell whether all that was read is safe, and all answers are on their way."""
        return not (self.in_flight or self._out or self._acks or self.more or self.held is not None)

    def read_into(self, room: memoryview) -> int:
        """Read what has come; 0 at the end. Raises ``BlockingIOError`` if there is nothing."""
        return self._sock.recv_into(room)

    def acknowledge(self, sensors: Iterable[int], seqs: Iterable[int]) -> None:
        """Note what is safe now; for :meth:`answer`."""
        highest, acks = self._highest, self._acks
        for sensor, seq in zip(sensors, seqs, strict=True):
            if highest.get(sensor, 0) < seq:
                highest[sensor] = seq
            acks[sensor] = highest[sensor]

    def reject(self, line: int, reason: str) -> None:
        self._out += _encode({"reject": {"line": line, "reason": reason}})
        self._out += b"\n"

    def answer(self, texts: list[bytes]) -> None:
        """Turn what was noted into lines, and send what the socket takes; ``texts`` is how each sensor's name begins an entry."""
        if self._acks:
            entries = [b"%b%d" % (texts[sensor], seq) for sensor, seq in self._acks.items()]
            self._acks.clear()
            for first in range(0, len(entries), _NAMES_IN_ACK):
                self._out += b'{"ack":{%b}}\n' % b",".join(entries[first : first + _NAMES_IN_ACK])
        if self._out:
            try:
                sent = self._sock.send(self._out)
            except BlockingIOError:
                return
            del self._out[:sent]

    def end_output(self) -> None:
        """Say that nothing more comes."""
        self._sock.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._sock.close()
