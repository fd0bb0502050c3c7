"""Priority inversion: who waits for a lock is only as important as the one who holds it, and is held up by whoever holds that one up."""

from __future__ import annotations

import os
import random
import sys
import time

from climb.errors import SetupError
from climb.labs.bench import Bench
from climb.labs.lab import Explanation, Knob, Knobs, Lab, Prediction
from climb.labs.one_lock import Trial, real_time_refused, stage
from climb.labs.plot import Axis, Bar, BarPlot, Mark, Strip, StripPlot
from climb.labs.result import Result
from climb.labs.statistics import Estimate, median, median_estimate, ratio_estimate
from climb.labs.weights import weight_of
from climb.labs.words import number

__all__ = ["lab"]

_QUIET = "nobody in the middle"
_BUSY = "hogs in the middle"
_INHERIT_QUIET = "nobody in the middle, with inheritance"
_INHERIT = "hogs in the middle, with inheritance"
_NICE = "nice of the high one"
_NICE_OF_LOW = "nice of the low one"

_HELD_S = 0.003
_HOG_S = {"nice": 5.0, "fifo": 0.04}  # at most; real time keeps all else from that processor, so it is short
_SECONDS = 6.0  # about, for all trials together
_ROUNDS = (5, 30)
_HIGHEST_NICE = 19
_CURED = 0.67  # of the wait with the plain mutex

lab = Lab(
    title="Priority inversion",
    question="Through a lock, how long can a task that nobody cares about hold up an important one?",
    about=(
        f"Three kinds of process share one processor. The low one takes a lock (a pthread mutex in shared memory), wakes the others, and gives it back after {1000 * _HELD_S:g} ms of computing. "
        "The high one is woken because it wants the lock; the time from then until it has it is measured. The hogs in the middle never touch the lock, they only compute. "
        "By turns without hogs and with them, with a plain mutex and one with priority inheritance. The low one is nicer than the others, or all have real-time priorities."
    ),
    concepts=("priority-inversion", "mutexes", "scheduling"),
    prediction=Prediction(
        ask="How many times as long does the important one wait for the lock when hogs are in the middle, with the plain mutex?",
        unit="×",
    ),
    knobs=(
        Knob(
            "priorities",
            "how low, middle and high differ: low by its nice value, which any user may raise, or by real-time priorities (fifo), which need permission",
            default="nice",
            choices=("nice", "fifo"),
        ),
        Knob(
            "difference",
            "steps by which the low one is nicer than the others (nice only)",
            default=19,
            choices=(1, 5, 10, 19),
        ),
        Knob("hogs", "processes in the middle", default=1, choices=(1, 2, 4)),
    ),
    seconds=8,
)


@lab.unless
def why_not() -> str | None:
    """The mutex is made by the numbers that Linux' C libraries have for its kinds."""
    return None if sys.platform == "linux" else "it needs Linux"


@lab.measure
def measure(knobs: Knobs, bench: Bench) -> None:
    """Every condition once in each round."""
    real_time, hogs = knobs["priorities"] == "fifo", int(knobs["hogs"])
    processor, base = max(os.sched_getaffinity(0)), os.getpriority(os.PRIO_PROCESS, 0)
    difference = 0 if real_time else int(knobs["difference"])
    if real_time and (reason := real_time_refused(processor)):
        raise SetupError(
            f"real-time priorities are refused to this user ({reason}; RLIMIT_RTPRIO allows them); choose priorities=nice"
        )
    if base >= _HIGHEST_NICE and not real_time:
        raise SetupError(f"this process already has nice {base}, so nothing can be nicer; start it without nice")
    bench.fact(_NICE, base)
    bench.fact(_NICE_OF_LOW, min(base + difference, _HIGHEST_NICE))
    with stage(bench, processor, difference, hogs) as ready:
        series = {_QUIET: (False, 0), _BUSY: (False, hogs)}
        if ready.can_inherit:
            series |= {_INHERIT_QUIET: (True, 0), _INHERIT: (True, hogs)}
        trials = {
            name: Trial(inherit, real_time, count, _HOG_S[str(knobs["priorities"])], _HELD_S)
            for name, (inherit, count) in series.items()
        }
        ready.run(trials[_QUIET])  # once unmeasured
        for _ in bench.rounds(_rounds(bench, hogs, real_time), "waiting for the lock"):
            for name in random.sample(list(trials), len(trials)):
                waited = ready.run(trials[name])
                bench.record(name, waited, unit="ms")
                if (
                    real_time
                ):  # it may have 95 % of each second (sched_rt_runtime_us); the others on that processor get half
                    time.sleep(waited / 1000)


def _rounds(bench: Bench, hogs: int, real_time: bool) -> int:
    """As many as there is time for, by the waits to be expected."""
    nice, low = (int(bench.facts[name]) for name in (_NICE, _NICE_OF_LOW))
    longest = 2 * (_HELD_S + hogs * _HOG_S["fifo"]) if real_time else _HELD_S * _slowed(nice, low, hogs)
    return max(_ROUNDS[0], min(_ROUNDS[1], int(_SECONDS / (2 * (longest + _HELD_S)))))


def _slowed(nice: int, low: int, hogs: int) -> float:
    """How many times as long the low one takes for its work beside the hogs, by the kernel's weights."""
    return (weight_of(low) + hogs * weight_of(nice)) / weight_of(low)


@lab.explain
def explain(result: Result) -> Explanation:
    """How long it waited and for whom, whether inheritance helped, and what to do about it."""
    quiet, busy = (median(result.values(series)) for series in (_QUIET, _BUSY))
    ratio = ratio_estimate(result.values(_BUSY), result.values(_QUIET))
    return Explanation(
        answer=ratio,
        headline=(
            f"The important process waited {number(busy)} ms for the lock with {_hogs(result)} in the middle, and {number(quiet)} ms without: {number(ratio.value)} times as long."
        ),
        text="\n\n".join((_what(result, ratio), _why(result, ratio), _inherited(result), _ADVICE)),
        plots=(_bars(result), _strips(result)),
        trust=(
            "All runs on one processor. With several, the low one may find another that is free; the wait returns when all are busy.",
            "The wait begins when the high one is woken, and has all the time in it in which the low one could not run: other programs on that processor lengthen it as the hogs do.",
        ),
    )


_ADVICE = (
    "For a backend: the lock need not look like one. A nightly job with a low priority that holds a row, a connection of the pool, the logger’s mutex or a file lock makes everyone wait who needs it, for as "
    "long as it is kept from the processor. So do what is slow before taking the lock, hold it for as few instructions as you can, and don’t share one between work that may wait and work that may not. "
    "A limit on a control group’s processor time does the same to a process that holds a lock as a low priority does."
)


def _fifo(result: Result) -> bool:
    return result.knobs.get("priorities") == "fifo"


def _hogs(result: Result) -> str:
    count = int(result.knobs["hogs"])
    return "one hog" if count == 1 else f"{count} hogs"


def _what(result: Result, ratio: Estimate) -> str:
    quiet, busy = (median(result.values(series)) for series in (_QUIET, _BUSY))
    begin = f"The low one computed {1000 * _HELD_S:g} ms while it held the [lock](concept:mutexes), however long that took it. Without hogs the high one waited {number(quiet)} ms. "
    if ratio.low <= 1:
        return (
            begin
            + f"With {_hogs(result)} it waited {number(busy)} ms, which this run can’t tell from that: no inversion was seen."
        )
    return begin + (
        f"With {_hogs(result)} it waited {number(busy)} ms ({number(ratio.low)} to {number(ratio.high)} times as long), although no hog is more important than it and none wants the lock. "
        "That is [priority inversion](concept:priority-inversion): the high one waits for the low one, the low one waits for the processor, and so the high one waits for the middle."
    )


def _why(result: Result, ratio: Estimate) -> str:
    if ratio.low <= 1:
        return "Nothing kept the low one from the processor for long, then; where a hog runs elsewhere, or not long enough, this happens."
    if _fifo(result):
        return (
            f"With real-time priorities the [scheduler](concept:scheduling) is strict: as long as a hog wants the processor, the low one gets none of it. Each hog here wants it for {1000 * _HOG_S['fifo']:g} ms, "
            "and the high one waited until they were done. Had they gone on, it would have waited on: there is no bound but theirs."
        )
    nice, low = (int(result.number(name)) for name in (_NICE, _NICE_OF_LOW))
    expected = _slowed(nice, low, int(result.knobs["hogs"]))
    said = (
        f"The low one has nice {low}, the others {nice}. By the kernel’s weights it gets {number(100 / expected)} % of the processor beside the hogs, "
        f"so its work takes {number(expected)} times as long, and the wait with it. Measured were {number(ratio.value)} times"
    )
    if ratio.low / 1.25 <= expected <= ratio.high * 1.25:
        return f"{said}, as far as this run can tell. A low priority is meant to cost only the one who has it; here the high one pays for it."
    return f"{said}; the rest is not explained by the weights. The scheduler deals in slices of some milliseconds, and {1000 * _HELD_S:g} ms are few of them."


def _inherited(result: Result) -> str:
    if not any(sample.series == _INHERIT for sample in result.samples):
        return "This system has no mutex with priority inheritance for processes, so what it would do could not be measured."
    inherit = median(result.values(_INHERIT))
    gain = ratio_estimate(result.values(_INHERIT), result.values(_BUSY))
    begin = (
        "A mutex made with `PTHREAD_PRIO_INHERIT` is meant to lend its holder the priority of the most important one who waits for it. "
        f"With it and {_hogs(result)} the wait was {number(inherit)} ms, {number(100 * gain.value)} % of that with the plain one"
    )
    if gain.high < _CURED and _fifo(result):
        return f"{begin}: while the high one waited, the middle could not keep the low one from the processor."
    between = f" ({number(100 * gain.low)} to {number(100 * gain.high)} %)"
    if _fifo(result):
        return f"{begin}{between}. With real-time priorities it should be far less, if there was an inversion at all; something else held the low one up."
    if gain.high < _CURED:
        return f"{begin}{between}. Linux is known to lend only real-time priorities and deadlines, so this is less than is expected, and may be chance."
    return (
        f"{begin}{between}. That cures nothing, and it is Linux’ rule: real-time priorities and deadlines are lent, nice values are not (`kernel/locking/rtmutex.c` treats all ordinary tasks that wait alike). "
        "With `priorities=fifo`, where the user may have them, see what the same mutex does."
    )


def _bars(result: Result) -> BarPlot:
    names = [
        name
        for name in (_QUIET, _BUSY, _INHERIT_QUIET, _INHERIT)
        if any(each.series == name for each in result.samples)
    ]
    rows = {name: median_estimate(result.values(name)) for name in names}
    said = result.predicted
    marks = (
        ()
        if said is None
        else (Mark(value=said.value * rows[_QUIET].value, label=f"you predicted {number(said.value)} ×"),)
    )
    return BarPlot(
        title="How long the high one waited for the lock",
        alt="; ".join(f"{name}: {number(row.value)} ms" for name, row in rows.items()) + ".",
        axis=Axis(label="wait", unit="ms"),
        bars=tuple(Bar.of(name, row) for name, row in rows.items()),
        marks=marks,
    )


def _strips(result: Result) -> StripPlot:
    known = {sample.series: sample for sample in result.samples}
    samples = [known[name] for name in (_BUSY, _INHERIT) if name in known]
    return StripPlot(
        title="Each wait with hogs in the middle",
        alt="; ".join(f"{each.series}: {number(min(each.values))} to {number(max(each.values))} ms" for each in samples)
        + ".",
        axis=Axis(label="wait", unit="ms"),
        strips=tuple(Strip(label=each.series, values=each.values) for each in samples),
    )
