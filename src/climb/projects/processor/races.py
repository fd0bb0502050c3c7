"""Races of processors: readings a second, from the first byte to the last ack, and the delay until a window that closes is shown."""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
import statistics
from collections.abc import AsyncIterator, Sequence

from climb.judge.expect import CannotTell, expect
from climb.projects.processor.driver import Processor, Running
from climb.projects.processor.rules import Model, Reading, Shape, Window
from climb.projects.processor.stages.judged import look_right
from climb.races.race import Field, HeatOf, Race, Side

__all__ = ["RACES"]

_START = 1_700_000_000_000
_CONNECTIONS = 4
_SENSORS = 8  # on each connection
_FIRST = 1_500  # readings of each sensor in the run that finds out how many are needed
_MOST = 40_000
_ENOUGH_S = 1.0  # for the slower side
_RATE_SHAPE = Shape(window_ms=1_000, lateness_ms=100)
_DELAY_SHAPE = Shape(window_ms=1_000)
_WINDOWS = 40
_PAUSE_S = 0.02  # at most, and drawn: a program that looks now and then must not be met at the same moment each time


# --- readings a second ------------------------------------------------------------------------------------------------


def _sensors(lane: int) -> list[str]:
    return [f"lane-{lane}.sensor-{number}" for number in range(_SENSORS)]


def _value(seq: int, place: int) -> float:
    return (seq * 37 + place) % 1000 / 8


def _blocks(count: int) -> list[bytes]:
    """``count`` readings of each sensor, a millisecond apart, those of a connection's sensors in turns; without the first of each."""
    return [
        "".join(
            f'{{"sensor": "{name}", "seq": {seq}, "ts": {_START + seq}, "value": {_value(seq, place)}}}\n'
            for seq in range(2, count + 1)
            for place, name in enumerate(_sensors(lane))
        ).encode()
        for lane in range(_CONNECTIONS)
    ]


def _openings() -> list[Reading]:
    """The first reading of each sensor: once all of them are known, none of the others can be late."""
    return [
        Reading(name, 1, _START + 1, _value(1, place))
        for lane in range(_CONNECTIONS)
        for place, name in enumerate(_sensors(lane))
    ]


Told = dict[tuple[str, int], tuple[int, float, float, float]]


def _expected(count: int) -> Told:
    """Count, sum, least and largest value of each window that is closed behind the last reading."""
    length = _RATE_SHAPE.window_ms
    watermark = _START + count - _RATE_SHAPE.lateness_ms
    found: Told = {}
    for place in range(_SENSORS):
        for start in range(_START, watermark - length + 1, length):
            first = max(start - _START, 1)
            values = [_value(seq, place) for seq in range(first, start - _START + length)]
            facts = len(values), math.fsum(values), min(values), max(values)
            found |= {(_sensors(lane)[place], start): facts for lane in range(_CONNECTIONS)}
    return found


def _told(windows: Sequence[Window]) -> Told:
    """What was shown; sums in eighths are exact, but may be shown with an error in the last digit."""
    return {(each.sensor, each.start): (each.count, round(each.sum, 3), each.min, each.max) for each in windows}


async def _rate(field: Field, side: Side, blocks: list[bytes], expected: Told) -> float:
    """Readings a second of a program that is started for it, with what it shows looked at behind it."""
    processor: Processor = side.driver
    running = await processor.start(_RATE_SHAPE, fresh=True)
    openings = _openings()
    await (await running.connect()).deliver(*openings)
    with field.measured(running.instance):
        async with running.instance.load("INGEST_PORT", blocks) as load:
            loaded = await load.finished(timeout_s=running.patience_s * 6)
    if loaded is None:
        raise CannotTell(f"the readings of a heat took {side.name} longer than {running.patience_s * 6:.0f} s")
    lines = sum(block.count(b"\n") for block in blocks)
    stats = await running.stats()
    expect({"accepted": stats.accepted, "late": stats.late}, "what /stats counts after a heat").equals(
        {"accepted": lines + len(openings), "late": 0}, why="A heat counts only if every reading was taken."
    )
    expect(_told(await running.windows(len(expected))), "count, sum, least and largest of each window").equals(
        expected, why="A heat counts only if its windows are right."
    )
    await running.instance.kill()
    return lines / loaded.seconds


@contextlib.asynccontextmanager
async def _readings(field: Field) -> AsyncIterator[HeatOf]:
    first, told = _blocks(_FIRST), _expected(_FIRST)
    rates = await field.each(lambda side: _rate(field, side, first, told))
    count = int(min(max(min(rates.values()) * _ENOUGH_S / (_CONNECTIONS * _SENSORS), _FIRST), _MOST))
    blocks, expected = _blocks(count), _expected(count)

    async def heat(side: Side) -> float:
        return await _rate(field, side, blocks, expected)

    yield heat


# --- the delay --------------------------------------------------------------------------------------------------------


class _Clocked:
    """A program that is sent one reading after the other, each of which closes a window."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._model = Model(_DELAY_SHAPE)
        self._seq = 0

    async def delays_ms(self, chance: random.Random) -> list[float]:
        """How long after the reading that closes it each of so many windows is shown."""
        running = self._running
        sender = await running.connect()
        if not self._seq:
            await sender.deliver(
                self._next(chance)
            )  # closes nothing; later the last reading of the heat before stands for it
        before = len(self._model.closed())
        delays, shown = [], []
        async with running.feed() as feed:
            for _ in range(_WINDOWS):
                await asyncio.sleep(chance.uniform(0, _PAUSE_S))
                reading = self._next(chance)
                sent = running.now()
                await sender.send(reading)
                (event,) = await feed.take(1)
                delays.append((running.now() - sent) * 1000)
                shown.append(event.window)
        look_right(shown, self._model.closed()[before:], await running.percentile_error(), saw="GET /stream")
        await sender.finish()
        return delays

    def _next(self, chance: random.Random) -> Reading:
        self._seq += 1
        reading = Reading("s1", self._seq, _START + self._seq * _DELAY_SHAPE.window_ms, float(chance.randint(1, 999)))
        self._model.take(reading)
        return reading


@contextlib.asynccontextmanager
async def _delay(field: Field) -> AsyncIterator[HeatOf]:
    async def started(side: Side) -> _Clocked:
        return _Clocked(await side.driver.start(_DELAY_SHAPE))

    clocked = await field.each(started)

    async def heat(side: Side) -> float:
        with field.measured(*side.given.instances):  # type: ignore[union-attr]  # a service: this project has no other
            delays = await clocked[side].delays_ms(random.Random(field.turn))
        return statistics.median(delays)

    yield heat


RACES = (
    Race(
        id="readings",
        title="Readings a second",
        unit="readings/s",
        better="higher",
        stages=("one-window", "many-connections", "results"),
        tells="What one reading costs on its way from the socket into a window and into the log, with one worker: parsing, grouping, and how many share a sync.",
        run=_readings,
    ),
    Race(
        id="delay",
        title="Delay to a shown window",
        unit="ms",
        better="lower",
        stages=("one-window", "many-connections", "results"),
        tells="How long a result waits after the reading that closes its window: for the log, for a timer, for the one who shows it.",
        run=_delay,
    ),
)
