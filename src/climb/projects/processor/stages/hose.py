"""A fire hose: one connection that sends as much as is taken, and what the program has read of it and not yet acknowledged.

What was sent is in one of four places: in our own socket's send queue, in the program's receive queue, in the program, or
acknowledged. The kernel tells the first two (proc_pid_net(5), /proc/net/tcp: bytes not yet acknowledged by the other end's kernel, and bytes not yet read),
our own count and the acks tell the rest, so what the program holds is known to the byte. Queues are looked at after sending has
paused, ours first: bytes that move on between the two looks are counted twice, which is in the program's favour.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from climb.judge.expect import CannotTell
from climb.projects.processor.driver import Running, Sender
from climb.projects.processor.rules import Reading
from climb.projects.processor.stages.lines import padded

__all__ = ["LINE", "Hose", "queue", "queued"]

LINE = 1_024  # bytes of each line, its newline included
_PORTION = 1_024 * LINE
_TABLE = Path("/proc/net/tcp")


class Hose:
    """One sensor's readings, all in one window, in long lines of one length, over one connection."""

    def __init__(self, running: Running, sender: Sender, sensor: str, ts: int, lines: int) -> None:
        self.readings = [Reading(sensor, seq, ts, seq / 64) for seq in range(1, lines + 1)]
        self.sender = sender
        self.held: list[tuple[float, float]] = []  # when, and how many bytes the program held
        self._running = running
        self._data = b"".join(padded(reading, LINE - 1) + b"\n" for reading in self.readings)

    @property
    def size(self) -> int:
        """All bytes that there are to send."""
        return len(self._data)

    @property
    def acknowledged(self) -> int:
        """Bytes of readings that were acknowledged."""
        self.sender.catch_up()
        return self.sender.acked.get(self.readings[0].sensor, 0) * LINE

    async def pour(self, *, watch: bool = False) -> None:
        """Send all of it, as fast as it is taken; ``watch`` notes what the program holds after each portion."""
        self._running.book.note_sent(self.readings[-1:])
        view = memoryview(self._data)
        sent = 0
        while sent < len(view):
            portion = bytes(view[sent : sent + _PORTION])
            await self.sender.client.send(portion, timeout_s=self._running.patience_s)
            sent += len(portion)
            if watch:
                await self.look()
        await self.sender.acknowledged(self.readings[-1])

    async def look(self) -> None:
        """Note how much of what was sent is in the program now."""
        sent = self.sender.client.sent_bytes
        ours, theirs = queued(self.sender, self._running.instance.ports["INGEST_PORT"])
        await self._hear_all()
        now = self._running.now()
        self.held.append((round(now, 3), float(max(sent - ours - theirs - self.acknowledged, 0))))

    async def _hear_all(self) -> None:
        """Acks that are on their way in the kernel count: read until none is left there."""
        before = -1
        while before != self.sender.client.received_bytes:
            before = self.sender.client.received_bytes
            for _ in range(3):
                await asyncio.sleep(0)


def queued(sender: Sender, port: int) -> tuple[int, int]:
    """Bytes in our send queue, and in the program's receive queue, in this order of looking.

    Raises CannotTell where the kernel does not say.
    """
    mine = sender.client.local[1]
    return queue(mine, port, sending=True), queue(port, mine, sending=False)


def queue(local: int, remote: int, *, sending: bool) -> int:
    """Bytes in one queue of the socket whose ports are these. Raises CannotTell where the kernel does not say."""
    ends = f":{local:04X}", f":{remote:04X}"
    try:
        table = _TABLE.read_text(encoding="ascii")
    except OSError as error:
        raise CannotTell(f"this system does not show the queues of its sockets: {error}") from error
    for line in table.splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(ends[0]) and fields[2].endswith(ends[1]):
            out, into = fields[4].split(":")
            return int(out if sending else into, 16)
    return 0
