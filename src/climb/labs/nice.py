"""What nice really does: shares of a contended processor, by the kernel's weights, and nothing where there is no contention."""

from __future__ import annotations

import mmap
import os
import random
import sys
import time
from contextlib import ExitStack
from multiprocessing.connection import Connection
from pathlib import Path

from climb.errors import SetupError
from climb.labs.bench import Bench, received
from climb.labs.lab import Explanation, Knob, Knobs, Lab, Prediction
from climb.labs.machine import kernel_setting
from climb.labs.plot import Axis, Bar, BarPlot, Line, LinePlot, Mark, Point
from climb.labs.result import Result
from climb.labs.statistics import Estimate, median, median_estimate, ratio_estimate
from climb.labs.weights import weight_of
from climb.labs.words import number

__all__ = ["lab"]

_EQUAL = "one of the hogs, all equally nice"
_NICER = "the nicer hog"
_FREE = "the nicer hog, on a processor of its own"
_FREE_OTHER = "another hog, on the other processor"
_NICE = "nice of the others"
_NICE_OF_IT = "nice of the nicer one"
_AUTOGROUP = "sched_autogroup_enabled"
_GROUP = "control group of the processor"
_WINDOW = "window in which the nicer one shares the processor (ms)"

_ROUNDS = (5, 12)  # the fewer, the longer their windows
_NICER_S = 8.0  # about so long the nicer one shares a processor, all windows together
_SLICE_S = 0.004  # about what a task runs at a time, a tick of many kernels: of a small share, few fit into a window
_SETTLE_S = (0.04, 0.4)  # all have begun, and have had a turn or two
_WINDOW_S = (0.3, 1.7)
_SHORT_WINDOW_S = 0.12  # where nobody is nicer, or each has a processor
_LONGER = 10  # so many windows in a row at most, where others take nearly all of the processor
_LONGEST_S = 30.0  # a hog stops by itself then, whatever has become of the lab
_HIGHEST = 19
_UNDISTURBED = 95.0  # percent of a processor: with less, somebody else was on it

lab = Lab(
    title="What nice does",
    question="How much less does a process get for being nice, and when does it get less at all?",
    about=(
        "Processes that do nothing but compute, hogs, are kept on one processor. All are of the same nice value but one, which was started with `nice`. "
        "While they compute, the kernel’s clock of each one’s processor time is read twice, and the shares are what it gained between. By turns with that: "
        "the same number of hogs, all equally nice, and two hogs on a processor each, if there are two."
    ),
    concepts=("virtual-time", "scheduling", "preemption"),
    prediction=Prediction(
        ask="Which percentage of the contended processor does the nicer process get, with the difference and the others chosen?",
        unit="%",
    ),
    knobs=(
        Knob("difference", "steps by which one is nicer", default=5, choices=(1, 5, 10, 19)),
        Knob("others", "hogs that it shares the processor with", default=1, choices=(1, 3)),
        Knob(
            "session",
            "where the hogs are started: all in one session, as from one terminal, or each in its own",
            default="shared",
            choices=("shared", "own"),
        ),
    ),
    seconds=9,
)


@lab.unless
def why_not() -> str | None:
    """Keeping to one processor, and another process' clock by its number, are Linux's."""
    return None if sys.platform == "linux" else "it needs Linux"


@lab.measure
def measure(knobs: Knobs, bench: Bench) -> None:
    """Shares with and without a difference, and on two processors, once in each round."""
    allowed, base = os.sched_getaffinity(0), os.getpriority(os.PRIO_PROCESS, 0)
    here, there = max(allowed), min(allowed)
    if base >= _HIGHEST:
        raise SetupError(f"this process already has nice {base}, so nothing can be nicer; start it without nice")
    own = knobs["session"] == "own"
    with ExitStack() as stack:

        def start(difference: int) -> _Hog:
            stop = mmap.mmap(-1, 1)  # shared with the hog
            return _Hog(stack.enter_context(bench.process(_compute, difference, own, stop)), stop)

        others, equal = [start(0) for _ in range(int(knobs["others"]))], start(0)
        nicer = start(int(knobs["difference"]))
        bench.fact(_NICE, others[0].nice)
        bench.fact(_NICE_OF_IT, nicer.nice)
        bench.fact(_AUTOGROUP, _autogroup())
        bench.fact(_GROUP, _control_group())
        cycle = _SLICE_S * 100 / _share(int(others[0].nice), int(nicer.nice), len(others))
        settle, window = (_within(each, limits) for each, limits in ((cycle, _SETTLE_S), (2 * cycle, _WINDOW_S)))
        bench.fact(_WINDOW, round(1000 * window))
        turns = ["equal", "nicer", *(["free"] if here != there else [])]
        for _ in bench.rounds(int(_within(_NICER_S / (settle + window), _ROUNDS)), "computing"):
            for turn in random.sample(turns, len(turns)):
                if turn == "free":
                    times, took = _window({others[0]: there, nicer: here}, _SETTLE_S[0], _SHORT_WINDOW_S)
                    for series, spent in zip((_FREE_OTHER, _FREE), times, strict=True):
                        bench.record(series, 100 * spent / took, unit="%")
                elif turn == "equal":
                    times, _ = _window(dict.fromkeys((equal, *others), here), _SETTLE_S[0], _SHORT_WINDOW_S)
                    bench.record(_EQUAL, 100 * times[0] / sum(times), unit="%")
                else:
                    times, _ = _window(dict.fromkeys((nicer, *others), here), settle, window)
                    bench.record(_NICER, 100 * times[0] / sum(times), unit="%")


def _within(value: float, limits: tuple[float, float]) -> float:
    return min(max(value, limits[0]), limits[1])


def _share(nice: int, nicer: int, others: int) -> float:
    """The nicer one's share in percent, by the kernel's table."""
    return 100 * weight_of(nicer) / (weight_of(nicer) + others * weight_of(nice))


class _Hog:
    """A process that computes when it is told to, until ``stop`` says so."""

    def __init__(self, control: Connection, stop: mmap.mmap) -> None:
        self.control, self._stop = control, stop
        self._number, self.nice = received(control)

    def begin(self, processor: int) -> None:
        """Have it compute on ``processor``, and wait until it does."""
        self._stop[0] = 0
        self.control.send(processor)
        received(self.control)

    def spent(self) -> float:
        """Seconds of processor time so far, to this moment."""
        return time.clock_gettime(~self._number << 3 | 2)  # as clock_getcpuclockid(3) makes it

    def end(self) -> None:
        """Have it stop; it says when it has."""
        self._stop[0] = 1


def _window(hogs: dict[_Hog, int], settle: float, window: float) -> tuple[list[float], float]:
    """What each hog spent in a window of time while all of them computed, each on its processor; and how long it was.

    On a machine with much else to do the window is longer, so that the hogs get to share something.
    """
    for hog, processor in hogs.items():
        hog.begin(processor)
    time.sleep(settle)
    begun, before = time.monotonic(), [hog.spent() for hog in hogs]
    for _ in range(_LONGER):
        time.sleep(window)
        ended, after = time.monotonic(), [hog.spent() for hog in hogs]
        spent = [late - early for early, late in zip(before, after, strict=True)]
        if sum(spent) >= window / 4:
            break
    for hog in hogs:
        hog.end()
    for hog in hogs:
        received(hog.control)
    if sum(spent) == 0:
        raise SetupError("the machine is too busy for this lab: its processes got no processor time at all")
    return spent, ended - begun


def _compute(control: Connection, difference: int, own_session: bool, stop: mmap.mmap) -> None:
    """Compute as told: on a processor, until told to stop."""
    if own_session:
        os.setsid()
    control.send((os.getpid(), os.nice(difference)))
    while True:
        os.sched_setaffinity(0, {control.recv()})
        control.send("begun")
        until = time.monotonic() + _LONGEST_S
        while not stop[0] and time.monotonic() < until:
            pass
        control.send("done")


def _autogroup() -> float:
    """1 if the kernel groups tasks by session, 0 if not or if it can't."""
    try:
        return kernel_setting("kernel.sched_autogroup_enabled")
    except OSError:
        return 0


def _control_group() -> str:
    """The path of the group whose processor time is shared out first; the root's is "/"."""
    lines = Path("/proc/self/cgroup").read_text(encoding="utf-8", errors="replace").splitlines()
    entries = [line.split(":", 2) for line in lines]
    for _, controllers, path in entries:
        if "cpu" in controllers.split(","):
            return path
    return next((path for _, controllers, path in entries if not controllers), "/")


@lab.explain
def explain(result: Result) -> Explanation:
    """The share, against the kernel's weights; then where nice does nothing."""
    share = median_estimate(result.values(_NICER))
    steps = _steps(result)
    return Explanation(
        answer=share,
        headline=(
            f"The process that is {steps} step{'' if steps == 1 else 's'} nicer got {number(share.value)} % of the processor that it shared with {_others(result)}; "
            f"by the kernel’s weights it would be {number(_expected(result))} %."
        ),
        text="\n\n".join((_weights(result, share), _grouped(result, share), _free(result), _ADVICE)),
        plots=(_bars(result), _by_difference(result)),
        trust=(
            "Hogs never sleep. Nice decides little about a process that mostly waits: it gets the processor soon after it wakes, and gives it back.",
            f"The scheduler deals in slices of some milliseconds, and each window here has {number(result.number(_WINDOW))} ms: a share of a few per cent is one or two slices, so "
            "single measurements of it jump.",
            "Other programs on that processor take from all hogs alike, which leaves their shares among each other as they are.",
        ),
    )


_ADVICE = (
    "For a backend: give nice to what may wait and would otherwise compete for the same processors, such as backups, builds and batches. It does not slow them on an idle machine, "
    "and it is no limit: memory, disks and caches are shared as before. Where services are kept in control groups, as in containers and systemd units, the group’s weight "
    "(`cpu.weight`) decides first, and nice only among the processes of a group."
)


def _steps(result: Result) -> int:
    return int(result.number(_NICE_OF_IT) - result.number(_NICE))


def _others(result: Result) -> str:
    count = int(result.knobs["others"])
    return "one other" if count == 1 else f"{count} others"


def _expected(result: Result, steps: int | None = None) -> float:
    """The share in percent by the kernel's table, for a difference of so many steps."""
    base = int(result.number(_NICE))
    nicer = min(base + (_steps(result) if steps is None else steps), _HIGHEST)
    return _share(base, nicer, int(result.knobs["others"]))


def _weights(result: Result, share: Estimate) -> str:
    base, nicer = (int(result.number(name)) for name in (_NICE, _NICE_OF_IT))
    said = (
        f"With the same nice value one of {int(result.knobs['others']) + 1} hogs got {number(median(result.values(_EQUAL)))} %. A nice value is a weight, and each step is worth about 1.25 times the next. "
        f"The kernel’s table (`sched_prio_to_weight`) has {weight_of(base):,} for nice {base} and {weight_of(nicer):,} for nice {nicer}, so the nicer one’s part of the sum is {number(_expected(result))} %. "
        f"Measured were {number(share.value)} % ({number(share.low)} to {number(share.high)})."
    )
    if not _agrees(result, share):
        return said
    return said + (
        " The scheduler brings that about by letting [virtual time](concept:virtual-time) pass faster for a lighter task while it runs, and running who is behind in it. "
        "So a nicer process is not put off until the others are done: it gets its smaller part all along."
    )


def _agrees(result: Result, share: Estimate) -> bool:
    """Whether the share is as the weights say, within a fifth of what they take away, or what this run can tell."""
    expected, even = _expected(result), 100 / (int(result.knobs["others"]) + 1)
    slack = max((even - expected) / 5, 0.5)
    return share.low - slack <= expected <= share.high + slack


def _grouped(result: Result, share: Estimate) -> str:
    own, autogroup = result.knobs.get("session") == "own", result.number(_AUTOGROUP) == 1
    group = f"the control group is `{result.facts.get(_GROUP)}`"
    setting = f"`kernel.sched_autogroup_enabled` is {'1' if autogroup else '0 here, or missing'}"
    if _agrees(result, share):
        if own:
            return f"Each hog has a session of its own, and nice worked all the same. The kernel can weigh sessions before it weighs tasks, but only where that is on and only in the root group: {setting}, and {group}."
        if autogroup:
            return (
                f"All hogs belong to one session, and that may matter: {setting}. In the root group the kernel then weighs sessions first, such as two terminals, and nice counts only within each. "
                f"Choose `session=own` to see whether it does so here; {group}."
            )
        return f"All hogs belong to one session. It would make no difference if they didn’t: {setting}, so the kernel doesn’t weigh sessions."
    if own and autogroup and ratio_estimate(result.values(_NICER), result.values(_EQUAL)).high > 0.9:
        return (
            f"So nice did next to nothing here. Each hog has a session of its own, and {setting}: the kernel first shares the processor out evenly among sessions, and nice counts only "
            "within each, where this one is alone. A `nice` typed in one terminal yields nothing to what runs in another."
        )
    return (
        f"That is not what the weights say. {setting}, and {group}; a scheduler with other rules, or other programs among the same tasks, can make such a difference. "
        "This measurement can’t tell which."
    )


def _free(result: Result) -> str:
    if not any(sample.series == _FREE for sample in result.samples):
        return "With one processor there is always contention here; on more, a nice process with a processor to itself would lose nothing."
    alone, other = (median(result.values(series)) for series in (_FREE, _FREE_OTHER))
    begin = f"On a processor each, the nicer hog used {number(alone)} % of its own and the other {number(other)} % of its own"
    if alone > _UNDISTURBED:
        return f"{begin}. [Nobody competed](concept:scheduling) with it, so being nice cost it nothing: weights count only between tasks that want the same processor."
    return f"{begin}. Being nice costs nothing where nobody competes; here something did, perhaps another program on that processor."


def _bars(result: Result) -> BarPlot:
    series = [name for name in (_EQUAL, _NICER, _FREE) if any(each.series == name for each in result.samples)]
    rows = {name: median_estimate(result.values(name)) for name in series}
    expected, said = _expected(result), result.predicted
    marks = [Mark(value=expected, label=f"the kernel’s weights say {number(expected)} %")]
    if said is not None:
        marks.append(Mark(value=said.value, label=f"you predicted {said.value:,.10g} %"))
    return BarPlot(
        title=f"Share of a processor, {_steps(result)} nicer than {_others(result)}",
        alt="; ".join(f"{name}: {number(row.value)} %" for name, row in rows.items())
        + f"; by the kernel’s weights the nicer one would get {number(expected)} %.",
        axis=Axis(label="share of the processor", unit="%"),
        bars=tuple(Bar.of(name, row) for name, row in rows.items()),
        marks=tuple(marks),
    )


def _by_difference(result: Result) -> LinePlot:
    base = int(result.number(_NICE))
    rule = tuple(
        Point(x=steps, y=_expected(result, steps)) for steps in range(_HIGHEST - base + 1) if steps <= _HIGHEST
    )
    measured = tuple(
        Point.of(steps, median_estimate(result.values(series)))
        for steps, series in ((0, _EQUAL), (_steps(result), _NICER))
    )
    return LinePlot(
        title="The nicer one’s share, by the difference",
        alt=f"By the kernel’s weights from {number(rule[0].y)} % with no difference to {number(rule[-1].y)} % with {rule[-1].x:g} steps; measured "
        + " and ".join(f"{number(point.y)} % with {point.x:g}" for point in measured)
        + ".",
        x=Axis(label="steps nicer than the others"),
        y=Axis(label="share of the processor", unit="%"),
        lines=(Line(label="the kernel’s weights", points=rule), Line(label="measured", points=measured)),
    )
