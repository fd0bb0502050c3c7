"""Simulated sensors that send to a processor, over many connections, at a given rate, and know what it must say at the end."""

from __future__ import annotations

import asyncio
import json
import random
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from climb.systems.processor.pipeline.errors import EdgeError
from climb.systems.processor.sensors.model import Habits, Line, lines_of
from climb.systems.processor.sensors.totals import Counts, Totals
from climb.systems.processor.sinks.rows import Results, Row
from climb.systems.processor.sources.feed import Batch, Feed

__all__ = ["Plan", "Sending", "counts", "send", "windows"]

_BATCH_LINES = 500
_BATCH_S = 0.05  # at a low rate, how much time one batch may stand for
_TELL_S = 0.2
_REACHED_WITHIN_S = 10.0
_SETTLE_WITHIN_S = 5.0


@dataclass(frozen=True)
class Plan:
    """Where to send, how fast and how long."""

    habits: Habits
    tcp_port: int
    connections: int = 4
    rate: float | None = None
    """readings a second, all together; None for as fast as they are taken"""
    readings: int | None = None
    for_s: float | None = None
    start_ms: int = 0
    first_seq: int = 1
    breaks: float = 0.0
    """connections that break, each second, of each"""
    keep: bool = False


@dataclass
class Sending:
    """What has been sent so far, and what of it is safe."""

    totals: Totals
    feeds: list[Feed] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    @property
    def safe(self) -> int:
        """Lines that the processor has acknowledged, resent ones included."""
        return sum(feed.safe for feed in self.feeds)

    @property
    def left(self) -> int:
        """Lines that are not acknowledged."""
        return sum(feed.waiting for feed in self.feeds)

    @property
    def reconnected(self) -> int:
        """Connections that broke."""
        return sum(feed.reconnected for feed in self.feeds)


async def send(plan: Plan, tell: Callable[[Sending], None], stop: asyncio.Event) -> Sending:
    """Send until the plan is done or ``stop`` is set, and all is acknowledged. Raises EdgeError if nobody listens there."""
    await _reached(plan.tcp_port)
    sending = Sending(Totals(keep=plan.keep))
    numbers = [range(first, plan.habits.sensors, plan.connections) for first in range(plan.connections)]
    numbers = [some for some in numbers if some]
    roll_call = asyncio.Barrier(len(numbers))
    feeds = [Feed(plan.tcp_port, give_up_s=_REACHED_WITHIN_S) for _ in numbers]
    sending.feeds = feeds
    failed: list[BaseException] = []
    try:
        async with asyncio.TaskGroup() as group:
            beside = [group.create_task(_tell(sending, tell)), *(group.create_task(feed.run()) for feed in feeds)]
            if plan.breaks:
                beside += [group.create_task(_break(feed, plan, index)) for index, feed in enumerate(feeds)]
            fleets = [
                group.create_task(_fleet(plan, some, feed, sending.totals, roll_call, stop, len(numbers)))
                for some, feed in zip(numbers, feeds, strict=True)
            ]
            await asyncio.wait(fleets)
            for task in beside:
                task.cancel()
    except* EdgeError as errors:
        failed += errors.exceptions
    if failed:
        raise failed[0]
    tell(sending)
    return sending


async def _fleet(
    plan: Plan,
    numbers: range,
    feed: Feed,
    totals: Totals,
    roll_call: asyncio.Barrier,
    stop: asyncio.Event,
    connections: int,
) -> None:
    """Send the readings of the sensors of one connection."""
    share = len(numbers) / plan.habits.sensors
    readings = None if plan.readings is None else _portion(plan.readings, numbers.start, connections)
    lines = lines_of(plan.habits, numbers, start_ms=plan.start_ms, first_seq=plan.first_seq, readings=readings)
    rate = None if plan.rate is None else plan.rate * share
    size = _BATCH_LINES if rate is None else max(1, min(_BATCH_LINES, int(rate * _BATCH_S)))
    await _hand_on(feed, list(islice(lines, len(numbers))), totals)
    await _settled(feed, stop)
    await roll_call.wait()  # a sensor that the processor does not know yet could be late
    begin, sent = time.monotonic(), 0
    while not stop.is_set() and (plan.for_s is None or time.monotonic() - begin < plan.for_s):
        batch = list(islice(lines, size))
        if not batch:
            break
        await _hand_on(feed, batch, totals)
        sent += len(batch)
        if rate is not None:
            await asyncio.sleep(max(0.0, begin + sent / rate - time.monotonic()))
    await _settled(feed, stop)


async def _settled(feed: Feed, stop: asyncio.Event) -> None:
    """Wait until all is acknowledged; after a stop not for long."""
    settled = asyncio.create_task(feed.settled())
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((settled, stopped), return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait((settled,), timeout=_SETTLE_WITHIN_S)
    finally:
        settled.cancel()
        stopped.cancel()


def _portion(readings: int, index: int, of: int) -> int:
    return readings // of + (index < readings % of)


async def _hand_on(feed: Feed, lines: list[Line], totals: Totals) -> None:
    highest: dict[str, int] = {}
    for line in lines:
        totals.add(line)
        if not line.broken:
            highest[line.sensor] = max(line.seq, highest.get(line.sensor, 0))
    await feed.send(Batch(b"".join(line.text for line in lines), highest, len(lines)))


async def _break(feed: Feed, plan: Plan, index: int) -> None:
    draw = random.Random(f"{plan.habits.seed}:breaks:{index}")
    while True:
        await asyncio.sleep(draw.expovariate(plan.breaks))
        feed.break_off()


async def _tell(sending: Sending, tell: Callable[[Sending], None]) -> None:
    while True:
        tell(sending)
        await asyncio.sleep(_TELL_S)


async def _reached(port: int) -> None:
    try:
        async with asyncio.timeout(_REACHED_WITHIN_S):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
    except (OSError, TimeoutError) as error:
        raise EdgeError(f"nobody takes readings at 127.0.0.1:{port}") from error
    writer.close()


# --- what the processor says ----------------------------------------------------------------------------------------


def counts(http_port: int) -> Counts:
    """What ``/stats`` tells; raise EdgeError if it can't be had."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{http_port}/stats", timeout=10) as answer:
            told = json.load(answer)
        names = ("accepted", "late", "duplicates", "rejected", "watermark", "percentile_error")
        uptime_s = told.get("uptime_seconds")  # ours tells it; the contract does not ask for it
        began_s = None if uptime_s is None else time.monotonic() - uptime_s
        return Counts(**{name: told[name] for name in names}, began_s=began_s)
    except (OSError, ValueError, KeyError) as error:
        raise EdgeError(
            f"http://127.0.0.1:{http_port}/stats does not tell what the contract asks for: {error}"
        ) from error


def windows(http_port: int) -> Iterator[Row]:
    """All closed windows, in order."""
    results = Results(http_port)
    try:
        page = results.page(None, 10_000)
        while page.windows:
            yield from page.windows
            page = results.page(page.next, 10_000)
    finally:
        results.close()
