"""A fixed timeout against one that follows the answers: what each wastes on lost answers, and gives up too early."""

from __future__ import annotations

import heapq
import random
import select
import socket
import struct
import sys
import time
from collections.abc import Callable, Sequence
from concurrent import futures
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TypeAlias

from climb.labs.bench import Bench, received
from climb.labs.lab import Explanation, Knob, Knobs, Lab, Prediction
from climb.labs.loopback import fresh_address
from climb.labs.plot import Axis, Bar, BarPlot, Mark, Strip, StripPlot
from climb.labs.result import Result
from climb.labs.statistics import median, median_estimate, quantile, ratio_estimate
from climb.labs.words import number

__all__ = ["Adaptive", "Fixed", "lab"]

_FIXED = "fixed"
_ADAPTIVE = "adaptive"
_IN_VAIN = "{} timeout: waiting for lost answers"
_TOO_EARLY = "{} timeout: giving up too early"
_TIMEOUTS = "adaptive timeout: its value"
_ANSWERS = "answers that came"
_FALSE = "false timeouts, {}"
_CAME = "answers that came, {}"
_PER_ANSWER = "{} timeout: time per answer that was in time"
_SEED = "seed of the draws"

_ROUNDS = 12
_PER_ROUND = 40
_LEARNING = 20  # requests before the first round, none of them lost
_BASE_MS = 4.0  # what every answer takes at the least
_INITIAL_MS = 100.0  # until the first answer has come; RFC 6298 has a second, far above this lab's answers
_FLOOR_MS = 5.0  # RFC 6298 asks for a second, to be safe on the internet; nothing here takes that long
_LONGEST_MS = 1000.0
_GRANULARITY_MS = 1.0
_LATE_NS = 2_000_000_000  # for the last answers that were given up, on a busy machine
_REQUEST = struct.Struct("!I")

Draws: TypeAlias = tuple[float | None, ...]

lab = Lab(
    title="How long to wait for an answer",
    question="Should a timeout be a number in the configuration, or follow what the answers take?",
    about=(
        "A server on loopback answers each request after a drawn delay: at least 4 ms, plus jitter drawn from an "
        "exponential distribution; some answers are never sent. Two clients send the same requests over UDP, one "
        "after another, and really wait. One has a fixed timeout; the other computes it from the answers as RFC "
        "6298 says (SRTT + 4·RTTVAR, doubled after a timeout), here with a floor of 5 ms. Each request is sent "
        "once. Measured: the share of time spent on answers that never came, and how many answers were given up "
        "although they came."
    ),
    concepts=("timeouts", "udp"),
    prediction=Prediction(
        ask="What share of its time does the client with the fixed timeout spend waiting for answers that never come?",
        unit="%",
    ),
    knobs=(
        Knob("jitter", "mean of what is added to each delay, in ms", default=3, choices=(1, 3, 10)),
        Knob("loss", "answers that never come, in %", default=5.0, choices=(2.5, 5.0, 10.0, 20.0)),
        Knob("fixed", "the fixed timeout, in ms", default=60, choices=(8, 20, 60, 200)),
    ),
    seconds=6,
)


@lab.unless
def why_not() -> str | None:
    """Other systems have no more than 127.0.0.1 without being told."""
    return None if sys.platform == "linux" else "it binds addresses that only Linux has on loopback"


class Fixed:
    """A timeout that never changes."""

    def __init__(self, milliseconds: float) -> None:
        self.milliseconds = milliseconds

    def answered(self, took_ms: float) -> None:
        """Learn nothing."""

    def timed_out(self) -> None:
        """Learn nothing."""


class Adaptive:
    """The retransmission timeout of RFC 6298, section 2, with this lab's constants.

    A late answer is learnt from as well: its number says which request it answers, so it is not ambiguous (section 3).
    """

    def __init__(self) -> None:
        self.milliseconds = _INITIAL_MS
        self._smoothed: float | None = None
        self._variation = 0.0

    def answered(self, took_ms: float) -> None:
        """Learn what an answer took: rules 2.2 and 2.3."""
        if self._smoothed is None:
            self._smoothed, self._variation = took_ms, took_ms / 2
        else:
            self._variation = 0.75 * self._variation + 0.25 * abs(self._smoothed - took_ms)
            self._smoothed = 0.875 * self._smoothed + 0.125 * took_ms
        self.milliseconds = max(self._smoothed + max(_GRANULARITY_MS, 4 * self._variation), _FLOOR_MS)

    def timed_out(self) -> None:
        """Back off: rule 5.5. The next answer computes the timeout anew."""
        self.milliseconds = min(2 * self.milliseconds, _LONGEST_MS)


@dataclass
class _Wait:
    """One request: which timeout was in force, how long the client waited, when its answer came if it did."""

    timeout_ms: float
    begun_ns: int
    waited_ms: float = 0.0
    in_time: bool = False
    answer_ms: float | None = None


@lab.measure
def measure(knobs: Knobs, bench: Bench) -> None:
    """Let both clients ask the same at the same time, each in a thread that mostly sleeps."""
    seed = random.randrange(2**31)
    bench.fact(_SEED, str(seed))  # a name, not a quantity
    draws = _draws(random.Random(seed), float(knobs["jitter"]), float(knobs["loss"]) / 100)
    timers: dict[str, Fixed | Adaptive] = {_FIXED: Fixed(float(knobs["fixed"])), _ADAPTIVE: Adaptive()}
    waits: dict[str, list[_Wait]] = {name: [] for name in timers}
    with ExitStack() as stack:
        servers = {name: received(stack.enter_context(bench.process(_serve, draws))) for name in timers}
        pool = stack.enter_context(ThreadPoolExecutor())
        clients = [pool.submit(_ask_all, servers[name], draws, timers[name], waits[name]) for name in timers]
        while futures.wait(clients, timeout=0.1).not_done:
            bench.progress(min(map(len, waits.values())) / len(draws), "asking and waiting")
        for client in clients:
            client.result()  # raises what it raised
    for name, waited in waits.items():
        _record(bench, name, waited)


def _draws(chance: random.Random, jitter_ms: float, loss: float) -> Draws:
    """Each answer's delay in ms, None for a lost one: in each round the same number is lost, at drawn places."""

    def delay() -> float:
        return _BASE_MS + chance.expovariate(1 / jitter_ms)

    draws: list[float | None] = [delay() for _ in range(_LEARNING)]
    lost = round(_PER_ROUND * loss)
    for _ in range(_ROUNDS):
        kept = [None] * lost + [delay() for _ in range(_PER_ROUND - lost)]
        draws.extend(chance.sample(kept, len(kept)))
    return tuple(draws)


def _serve(connection: Connection, draws: Draws) -> None:
    """Send each request back when its drawn delay has passed, or never."""
    due: list[tuple[float, bytes, tuple[str, int]]] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((fresh_address(), 0))
        connection.send(server.getsockname())
        while True:
            wait = max(due[0][0] - time.monotonic(), 0.0) if due else None
            if select.select([server], [], [], wait)[0]:
                request, client = server.recvfrom(_REQUEST.size)
                delay = draws[_REQUEST.unpack(request)[0]]
                if delay is not None:
                    heapq.heappush(due, (time.monotonic() + delay / 1000, request, client))
            while due and due[0][0] <= time.monotonic():
                _, request, client = heapq.heappop(due)
                server.sendto(request, client)


def _ask_all(address: tuple[str, int], draws: Draws, timer: Fixed | Adaptive, waits: list[_Wait]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(address)
        for request in range(len(draws)):
            waits.append(_Wait(timer.milliseconds, time.perf_counter_ns()))
            client.send(_REQUEST.pack(request))
            _wait(client, waits, timer)
        coming = [request for request, delay in enumerate(draws) if delay is not None]
        deadline = time.perf_counter_ns() + _LATE_NS
        _receive_until(
            client, waits, timer, deadline, lambda: all(waits[each].answer_ms is not None for each in coming)
        )


def _wait(client: socket.socket, waits: list[_Wait], timer: Fixed | Adaptive) -> None:
    """Wait for the answer to the last request until its timeout; answers to earlier ones are noted on the way."""
    wait = waits[-1]
    deadline = wait.begun_ns + int(wait.timeout_ms * 1e6)
    _receive_until(client, waits, timer, deadline, lambda: wait.answer_ms is not None)
    wait.waited_ms = (time.perf_counter_ns() - wait.begun_ns) / 1e6
    wait.in_time = wait.answer_ms is not None
    if not wait.in_time:
        timer.timed_out()


def _receive_until(
    client: socket.socket, waits: list[_Wait], timer: Fixed | Adaptive, deadline_ns: int, enough: Callable[[], bool]
) -> None:
    while not enough():
        left = (deadline_ns - time.perf_counter_ns()) / 1e9
        if left <= 0 or not select.select([client], [], [], left)[0]:
            return
        wait = waits[_REQUEST.unpack(client.recv(_REQUEST.size))[0]]
        wait.answer_ms = (time.perf_counter_ns() - wait.begun_ns) / 1e6
        timer.answered(wait.answer_ms)


def _record(bench: Bench, name: str, waits: Sequence[_Wait]) -> None:
    for begin in range(_LEARNING, len(waits), _PER_ROUND):
        each = waits[begin : begin + _PER_ROUND]
        all_ms = sum(wait.waited_ms for wait in each)
        lost_ms = sum(wait.waited_ms for wait in each if wait.answer_ms is None)
        early_ms = sum(wait.waited_ms for wait in each if wait.answer_ms is not None and not wait.in_time)
        bench.record(_IN_VAIN.format(name), 100 * lost_ms / all_ms, unit="%")
        bench.record(_TOO_EARLY.format(name), 100 * early_ms / all_ms, unit="%")
        bench.record(_PER_ANSWER.format(name), all_ms / max(sum(wait.in_time for wait in each), 1), unit="ms")
    counted = waits[_LEARNING:]
    came = [wait for wait in counted if wait.answer_ms is not None]
    bench.fact(_CAME.format(name), len(came))
    bench.fact(_FALSE.format(name), sum(not wait.in_time for wait in came))
    if name == _ADAPTIVE:
        for wait in counted:
            bench.record(_TIMEOUTS, wait.timeout_ms, unit="ms")
    else:
        for wait in came:
            bench.record(_ANSWERS, wait.answer_ms or 0.0, unit="ms")


@lab.explain
def explain(result: Result) -> Explanation:
    """What both timeouts wasted and gave up, and which came out ahead."""
    vain = median_estimate(result.values(_IN_VAIN.format(_FIXED)))
    adaptive = median(result.values(_IN_VAIN.format(_ADAPTIVE)))
    paragraphs = (_lost(result), _early(result), _overall(result), _meaning(result))
    return Explanation(
        answer=vain,
        headline=(
            f"Of every 100 answers {number(_loss(result))} never came; waiting for them took {number(vain.value)} % "
            f"of the time with {_name(result)}, and {number(adaptive)} % with the adaptive one."
        ),
        text="\n\n".join(paragraphs),
        plots=(_shares(result), _answers(result)),
        trust=(
            "The delays and losses are drawn (the seed is stored with the result), not a network's: real delays "
            "often come in bursts, and with heavier tails than the exponential distribution that this lab draws "
            "from.",
            f"The share of lost answers is the same in each of the {_ROUNDS} rounds, so the intervals know nothing "
            "of how losses vary.",
        ),
    )


def _loss(result: Result) -> float:
    return float(result.knobs["loss"])


def _name(result: Result) -> str:
    return f"the fixed timeout of {number(float(result.knobs['fixed']))} ms"


def _lost(result: Result) -> str:
    timeouts = result.values(_TIMEOUTS)
    ratio = ratio_estimate(result.values(_IN_VAIN.format(_FIXED)), result.values(_IN_VAIN.format(_ADAPTIVE)))
    between = f"({number(ratio.low)} to {number(ratio.high)})"
    if ratio.low > 1:
        compared = f"The fixed timeout spent {number(ratio.value)} times as large a share of its time on them {between}"
    elif ratio.high < 1:
        compared = (
            f"The fixed timeout spent the smaller share on them, {number(ratio.value)} of the adaptive one's {between}"
        )
    else:
        compared = (
            f"Which timeout spent the larger share on them this run can't tell (ratio {number(ratio.value)}, {between})"
        )
    return (
        "A lost answer costs the whole [timeout](concept:timeouts). The median answer that came took "
        f"{number(median(result.values(_ANSWERS)))} ms, so {_name(result)} is "
        f"{number(float(result.knobs['fixed']) / median(result.values(_ANSWERS)))} times that; the adaptive one lay "
        f"between {number(quantile(timeouts, 0.25))} and {number(quantile(timeouts, 0.75))} ms half of the time. "
        f"{compared}."
    )


def _early(result: Result) -> str:
    counts = {
        name: (result.number(_FALSE.format(name)), result.number(_CAME.format(name))) for name in (_FIXED, _ADAPTIVE)
    }
    told = {name: f"{false:.0f} of {came:.0f}" for name, (false, came) in counts.items()}
    said = (
        "The price of impatience is false timeouts: of the answers that came, the fixed timeout gave up on "
        f"{told[_FIXED]}, the adaptive one on {told[_ADAPTIVE]}. "
    )
    if not any(false for false, _ in counts.values()):
        return said + "In this run neither had any."
    return said + (
        "The server did that work for nobody, and a client that asks again makes it do the work twice, most often "
        "when it is slow already. SRTT + 4·RTTVAR leaves room for the usual scatter and no more; TCP adds a floor "
        "for the rest (a second in RFC 6298, 200 ms in Linux)."
    )


def _overall(result: Result) -> str:
    fixed, adaptive = (result.values(_PER_ANSWER.format(name)) for name in (_FIXED, _ADAPTIVE))
    ratio = ratio_estimate(fixed, adaptive)
    said = (
        f"All waiting counted, an answer in time cost {number(median(fixed))} ms with the fixed timeout and "
        f"{number(median(adaptive))} ms with the adaptive one: "
    )
    if ratio.low > 1:
        return (
            said
            + f"{number(ratio.value)} times as much with the fixed one ({number(ratio.low)} to {number(ratio.high)})."
        )
    if ratio.high < 1:
        return (
            said
            + f"the fixed one did better, at {number(ratio.value)} of that ({number(ratio.low)} to {number(ratio.high)})."
        )
    return said + f"no difference that this run can tell (ratio {number(ratio.low)} to {number(ratio.high)})."


def _meaning(result: Result) -> str:
    fixed, jitter = (number(float(result.knobs[knob])) for knob in ("fixed", "jitter"))
    return (
        f"The number {fixed} knows nothing of the jitter ({jitter} ms here): change one of the two and run again. A "
        "fixed timeout can be right for one server on one day; an adaptive one needs a floor, a first value and "
        "answers to learn from, and must stay below the deadline of whoever waits for you."
    )


def _shares(result: Result) -> BarPlot:
    rows = {
        f"{name}: {what}": median_estimate(result.values(series.format(name)))
        for name in (_FIXED, _ADAPTIVE)
        for what, series in (("lost answers", _IN_VAIN), ("given up too early", _TOO_EARLY))
    }
    predicted = result.predicted
    return BarPlot(
        title="Time spent on answers that were not used",
        alt="Median share of a client's time: "
        + "; ".join(f"{name} {number(each.value)} %" for name, each in rows.items())
        + ".",
        marks=()
        if predicted is None
        else (Mark(value=predicted.value, label=f"you predicted {number(predicted.value)} %"),),
        axis=Axis(label="share of the client's time", unit="%"),
        bars=tuple(Bar.of(name, each) for name, each in rows.items()),
    )


def _answers(result: Result) -> StripPlot:
    answers, fixed = result.values(_ANSWERS), float(result.knobs["fixed"])
    adaptive = median(result.values(_TIMEOUTS))
    return StripPlot(
        title="When the answers came, and when the clients gave up",
        alt=(
            f"{len(answers)} answers came after {number(min(answers))} to {number(max(answers))} ms, the median "
            f"after {number(median(answers))} ms. The fixed timeout is at {number(fixed)} ms, the adaptive one's "
            f"median at {number(adaptive)} ms."
        ),
        marks=(
            Mark(value=fixed, label=f"fixed: {number(fixed)} ms"),
            Mark(value=adaptive, label=f"adaptive, median: {number(adaptive)} ms"),
        ),
        axis=Axis(label="time from request to answer", unit="ms"),
        strips=(Strip(label="answers that came", values=answers),),
    )
