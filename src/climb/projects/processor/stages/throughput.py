"""How many readings a second a program takes: prepared lines, as fast as it reads them, until the last is acknowledged."""

from __future__ import annotations

import os

import msgspec

from climb.judge.expect import CannotTell, fail
from climb.projects.processor.driver import Processor
from climb.projects.processor.rules import Shape

__all__ = ["Run", "measure", "sized"]

_CONNECTIONS = 4
_SENSORS = 8  # on each connection
_FIRST = 1_000  # readings of each sensor in the run that finds out how many are needed
_MOST = 60_000
_ENOUGH_S = 1.0  # a run should last at least this long, so that starting and stopping has no weight
_START = 1_700_000_000_000
_SHAPE = Shape(window_ms=10_000, lateness_ms=1_000)


class Run(msgspec.Struct, frozen=True):
    """One run: how many readings were taken in what time, what processor time that cost, and how much was left unused."""

    workers: int
    readings: int
    seconds: float
    cpu_seconds: float
    idle_seconds: float  # of all processors together

    @property
    def rate(self) -> float:
        """Readings a second."""
        return self.readings / self.seconds

    @property
    def cores(self) -> float:
        """How many processors it used on average."""
        return self.cpu_seconds / self.seconds

    @property
    def idle_cores(self) -> float:
        """How many processors had nothing to do on average: neither for it, nor for who sent, nor for others."""
        return self.idle_seconds / self.seconds

    @property
    def room(self) -> float:
        """How many times as much all processors could have done together."""
        return (os.cpu_count() or 1) / max((os.cpu_count() or 1) - self.idle_cores, 0.1)

    def row(self) -> tuple[str, ...]:
        """For a table."""
        return (
            str(self.workers),
            f"{self.readings:,}",
            f"{self.seconds:.2f}",
            f"{self.rate:,.0f}",
            f"{self.cores:.1f}",
            f"{self.idle_cores:.1f}",
        )


async def sized(processor: Processor) -> list[bytes]:
    """Lines for each connection, as many as one worker needs about a second for, but not too many to be made in that time."""
    first = await measure(processor, _blocks(_FIRST), 1)
    needed = _FIRST * _ENOUGH_S / first.seconds
    return _blocks(int(min(max(needed, _FIRST), _MOST)))


async def measure(processor: Processor, blocks: list[bytes], workers: int) -> Run:
    """Send all of it to a program that was started for it, over several connections at once."""
    running = await processor.start(_SHAPE, workers=workers, fresh=True)
    lines = sum(block.count(b"\n") for block in blocks)
    spent = running.instance.cpu_seconds()
    async with running.instance.load("INGEST_PORT", blocks) as load:
        loaded = await load.finished(timeout_s=running.patience_s * 3)
    if loaded is None:
        raise CannotTell(
            f"{lines:,} readings took longer than {running.patience_s * 3:.0f} s, which is too slow to measure"
        )
    stats = await running.stats()
    if stats.accepted + stats.late != lines:
        fail(
            "accepted and late in /stats after the load",
            expected=f"{lines:,} together",
            received=f"{stats.accepted:,} and {stats.late:,}",
            why="Speed counts only for readings that were taken.",
            saw=", ".join(f"connection {number}: {one.ended}" for number, one in enumerate(loaded.connections, 1)),
        )
    run = Run(workers, lines, loaded.seconds, running.instance.cpu_seconds() - spent, loaded.idle_s)
    await running.instance.kill()
    return run


def _blocks(count: int) -> list[bytes]:
    """``count`` readings of each sensor, a millisecond apart, those of a connection's sensors in turns."""
    return [_block(lane, count) for lane in range(_CONNECTIONS)]


def _block(lane: int, count: int) -> bytes:
    names = [f"lane-{lane}.sensor-{number}" for number in range(_SENSORS)]
    lines = [
        f'{{"sensor": "{name}", "seq": {seq}, "ts": {_START + seq}, "value": {(seq * 37 + place) % 1000 / 8}}}\n'
        for seq in range(1, count + 1)
        for place, name in enumerate(names)
    ]
    return "".join(lines).encode()
