"""How far a race can be trusted: what others did with the processors meanwhile, how fast a plain loop ran before and after, how heats scatter."""

from __future__ import annotations

import contextlib
import os
import resource
import statistics
import time
from collections.abc import Callable, Iterator

import msgspec
import psutil

from climb.judge.calibration import Calibration
from climb.labs.statistics import Estimate

__all__ = ["Meter", "Noise", "plain_loop", "too_noisy"]

_BATCHES = 7
_ROUNDS = 800_000
_DRIFT = 1.4  # a plain loop before and after; less of it falls on both sides of each pair
_OTHERS = 0.25  # processors
_SPARE = 0.5  # so many are idle: then others are in nobody's way
_STOLEN = 0.1
_WIDE = 1.5  # the high end of an interval by its low end: it leaves open whether there is a difference worth a word
_LEAST = 2  # pairs
_DOUBTED = 0.25  # of the heats


class Noise(msgspec.Struct, frozen=True, kw_only=True):
    """Processors on average while heats ran: used by others, taken by the hypervisor, idle. And a plain loop in milliseconds, before and after."""

    others: float
    stolen: float
    idle: float
    before_ms: float
    after_ms: float


class Meter:
    """Adds up what others did during the parts of heats that were measured."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._others_s = 0.0
        self._stolen_s = 0.0
        self._idle_s = 0.0

    @contextlib.contextmanager
    def measured(self, working_s: Callable[[], float]) -> Iterator[None]:
        """Watch this block. ``working_s`` is the processor time of programs of ours that go on behind it."""
        before = _Look.now(working_s())
        yield
        after = _Look.now(working_s())
        self._seconds += after.at - before.at
        self._others_s += (after.busy - before.busy) - (after.own - before.own)
        self._stolen_s += after.stolen - before.stolen
        self._idle_s += after.idle - before.idle

    def noise(self, before: Calibration, after: Calibration) -> Noise:
        """What it came to."""
        seconds = self._seconds or 1.0
        return Noise(
            others=max(self._others_s, 0.0) / seconds,
            stolen=max(self._stolen_s, 0.0) / seconds,
            idle=max(self._idle_s, 0.0) / seconds,
            before_ms=before.seconds * 1000,
            after_ms=after.seconds * 1000,
        )


def plain_loop() -> Calibration:
    """What a plain loop in Python costs, here and now; a fraction of a second."""
    batches = [_batch() for _ in range(_BATCHES)]
    return Calibration(
        what=f"{_ROUNDS:,} rounds of a plain loop in Python",
        seconds=statistics.median(batches),
        spread=max(batches) / min(batches),
    )


def too_noisy(noise: Noise, ratio: Estimate | None, pairs: int, *, timed: bool, doubts: tuple[str, ...] = ()) -> str:
    """Why nothing can be claimed; empty if something can.

    ``timed``: a busy machine changes what was measured. ``doubts``: of each heat that tells of something else than the program, why.
    """
    doubted = len(doubts) >= _DOUBTED * 2 * pairs
    reasons = [*(doubts[:1] if doubted else ()), *(_disturbed(noise) if timed else ())]
    if reasons:
        return "; ".join(reasons)
    if ratio is None or pairs < _LEAST:
        return f"{pairs} {'pair' if pairs == 1 else 'pairs'} of heats in this time: give it more with --seconds"
    if ratio.high / ratio.low > _WIDE:
        return (
            f"the {pairs} pairs of heats scatter: the ratio may be anything from {ratio.low:.3g} to {ratio.high:.3g};"
            " more --seconds, or a quieter machine, narrow it"
        )
    return ""


def _disturbed(noise: Noise) -> Iterator[str]:
    if noise.others > _OTHERS and noise.idle < _SPARE:
        who = "another process" if noise.others <= 1 else "other processes"
        yield (
            f"{who} used {noise.others:.1f} of a processor"
            if noise.others <= 1
            else f"{who} used {noise.others:.1f} processors"
        )
    if noise.stolen > _STOLEN:
        yield f"the hypervisor gave {noise.stolen:.1f} of a processor to other machines"
    drift = max(noise.before_ms, noise.after_ms) / min(noise.before_ms, noise.after_ms)
    if drift > _DRIFT:
        yield (
            f"the machine changed: a plain loop took {noise.before_ms:.1f} ms before and {noise.after_ms:.1f} ms after the heats"
        )


class _Look(msgspec.Struct, frozen=True):
    """The processors that we may use, at a moment: seconds since the machine started."""

    at: float
    busy: float
    idle: float
    stolen: float
    own: float

    @classmethod
    def now(cls, working_s: float) -> _Look:
        every = psutil.cpu_times(percpu=True)
        allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(len(every))
        mine = [every[number] for number in allowed if number < len(every)]
        # Interrupts are nobody's: on loopback they are part of the race's own traffic.
        busy = sum(each.user + getattr(each, "nice", 0.0) + each.system for each in mine)
        idle = sum(each.idle + getattr(each, "iowait", 0.0) for each in mine)
        stolen = sum(getattr(each, "steal", 0.0) for each in mine)
        return cls(time.monotonic(), busy, idle, stolen, _own_seconds() + working_s)


def _own_seconds() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _batch() -> float:
    started = time.perf_counter()
    total = 0
    for number in range(_ROUNDS):
        total += number & 7
    return time.perf_counter() - started
