"""The line driver: a TCP client that sends lines, or any bytes, and reads the lines that come back."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

from climb.judge.drivers.connection import PATIENCE_S, Connection
from climb.judge.drivers.recording import Recording
from climb.judge.evidence import Exchange

__all__ = ["Line", "LineClient"]


class Line(msgspec.Struct, frozen=True):
    """A line that came from the program, without its newline: when it was whole, in seconds since the check began, and its bytes."""

    at: float
    data: bytes


class LineClient:
    """One connection of a client. It reads in the background, so an answer has the time at which it came."""

    def __init__(self, recording: Recording, now: Callable[[], float]) -> None:
        self.received: list[Line] = []
        self.sent_lines = 0
        self.recording = recording
        self._now = now
        self._next = 0
        self._partial = b""
        self._connection: Connection

    async def open(
        self,
        address: tuple[str, int],
        *,
        receive_buffer: int | None = None,
        send_buffer: int | None = None,
        reading: bool = True,
    ) -> None:
        """Connect. Raises ConnectionLost or TimedOut."""
        self._connection = await Connection.open(
            address,
            self.recording,
            self._hear,
            receive_buffer=receive_buffer,
            send_buffer=send_buffer,
            reading=reading,
        )

    def __repr__(self) -> str:
        return f"LineClient({self.name!r}, {self.sent_bytes} bytes sent, {len(self.received)} lines received)"

    @property
    def name(self) -> str:
        """What a report calls it."""
        return self.recording.peer

    @property
    def local(self) -> tuple[str, int]:
        """Our own address and port."""
        return self._connection.local

    @property
    def sent_bytes(self) -> int:
        """How many bytes the kernel has taken from us."""
        return self.recording.sent_bytes

    @property
    def received_bytes(self) -> int:
        """How many bytes have come back."""
        return self.recording.received_bytes

    @property
    def closed_by_peer(self) -> bool:
        """Whether the program has ended the connection, in order or by a reset."""
        return self._connection.ended is not None

    @property
    def ended(self) -> str | None:
        """How the program ended the connection, in words."""
        return self._connection.ended

    async def send(self, data: bytes, *, timeout_s: float = PATIENCE_S) -> None:
        """Send bytes; returns when the kernel has taken all of them. Raises ConnectionLost or TimedOut."""
        await self._connection.send(data, timeout_s=timeout_s)
        self.sent_lines += data.count(b"\n")

    async def send_some(self, data: bytes, *, timeout_s: float) -> int:
        """Send as much as is taken in this time; how many bytes that was. Raises ConnectionLost."""
        sent = await self._connection.send_some(data, timeout_s=timeout_s)
        self.sent_lines += data.count(b"\n", 0, sent)
        return sent

    async def line(self, *, timeout_s: float = PATIENCE_S) -> bytes | None:
        """The next line that was not asked for yet; None at the end of the stream. Raises TimedOut."""
        deadline = time.monotonic() + timeout_s
        while self._next >= len(self.received):
            if self.closed_by_peer:
                return None
            if not await self._connection.changed(deadline):
                self._connection.timed_out("a line", timeout_s)
        self._next += 1
        return self.received[self._next - 1].data

    async def until(self, done: Callable[[bytes], bool], *, what: str, timeout_s: float = PATIENCE_S) -> list[bytes]:
        """The next lines, up to the one for which ``done`` is true. Raises TimedOut, or ConnectionLost if none is."""
        deadline = time.monotonic() + timeout_s
        lines = []
        while True:
            while self._next < len(self.received):
                lines.append(self.received[self._next].data)
                self._next += 1
                if done(lines[-1]):
                    return lines
            if self.closed_by_peer:
                self._connection.lost(what)
            if not await self._connection.changed(deadline):
                self._connection.timed_out(what, timeout_s)

    async def rest(self, *, timeout_s: float = PATIENCE_S) -> list[bytes]:
        """All further lines, up to the end of the stream. Raises TimedOut if it does not end."""
        deadline = time.monotonic() + timeout_s
        while not self.closed_by_peer:
            if not await self._connection.changed(deadline):
                self._connection.timed_out("the end of the stream", timeout_s)
        lines = [line.data for line in self.received[self._next :]]
        self._next = len(self.received)
        return lines

    async def half_close(self) -> None:
        """End our sending side; what the program answers still comes."""
        await self._connection.half_close()

    async def close(self) -> None:
        """Close in order."""
        self._connection.close()

    def abort(self) -> None:
        """Reset the connection."""
        self._connection.abort()

    def drop(self) -> None:
        """Close without a word, at the end of a check."""
        if hasattr(self, "_connection"):
            self._connection.drop()

    def stop_reading(self) -> None:
        """Read nothing from now on."""
        self._connection.stop_reading()

    def go_on_reading(self) -> None:
        """Read what comes, as it comes."""
        self._connection.go_on_reading()

    def note(self, text: str) -> None:
        """Write a remark into the transcript."""
        self.recording.note(text)

    def exchange(self) -> Exchange:
        """The transcript as evidence."""
        return self.recording.exchange()

    def _hear(self, data: bytes) -> None:
        *whole, self._partial = (self._partial + data).split(b"\n")
        at = self._now()
        self.received.extend(Line(at, line) for line in whole)
