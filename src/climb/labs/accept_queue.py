"""The accept queue: how many connections wait for a program that does not accept, and how long the next one hangs."""

from __future__ import annotations

import contextlib
import select
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from climb.labs.bench import Bench
from climb.labs.lab import Explanation, Knob, Knobs, Lab, Prediction
from climb.labs.loopback import RESET_ON_CLOSE, fresh_address
from climb.labs.machine import kernel_setting
from climb.labs.plot import Axis, Bar, BarPlot, Line, LinePlot, Mark, Point
from climb.labs.result import Result
from climb.labs.statistics import Estimate, median, median_estimate
from climb.labs.words import number

__all__ = ["lab"]

_COMPLETED = "connects that completed"
_ACCEPTED = "connections found in the queue afterwards"
_AT_ONCE = "connect while there was room"
_WAITED = "connect to a full queue"
_GREETED = "bytes that arrived although sent before accept"
_SMALL = "backlog of the queues in the second part"
_UNRESOLVED = "connects that never completed"
_AT_MOST = "connects tried at most"
_OVERFLOWS = "ListenOverflows, whole machine"
_SOMAXCONN = "net.core.somaxconn"
_SETTINGS = (
    _SOMAXCONN,
    "net.ipv4.tcp_syn_retries",
    "net.ipv4.tcp_syn_linear_timeouts",
    "net.ipv4.tcp_abort_on_overflow",
    "net.ipv4.tcp_syncookies",
)

_ROUNDS = 5
_ROUNDS_SHARE = 0.3  # of the whole time
_HANGS_S = 0.2  # a connect over loopback takes well under a millisecond: after this long it hangs
_SPARE_FILES = 64
_FILES_OF_SECOND_PART = 512
_BEYOND = 16  # connects tried beyond those that the rule lets complete
_QUEUES = 3  # full queues for each moment of accepting again
_MOMENTS_S = (0.25, 0.75, 1.25, 1.75, 2.25, 2.75)
_PATIENCE_S = 9.0  # with exponential backoff the third SYN comes after 3 s, the fourth after 7 s
_NEAR_S = 0.2  # how far from a whole second a connect may end and still be told to have ended at it
_GREETING = b"hello"

lab = Lab(
    title="The queue in front of accept",
    question="What do clients notice when a server does not accept its connections?",
    about=(
        "A program listens on a loopback address with the backlog you choose, and does not call `accept`. Clients connect one after "
        "another until one hangs, which is taken to be so when it has not completed within 0.2 s. Then several small queues are filled, "
        "one more client connects to each, and after a while the program accepts one connection of each: measured is how long "
        "the waiting connects took in all."
    ),
    concepts=("accept-queue", "sockets"),
    prediction=Prediction(
        ask="How many connects complete before one hangs, with the backlog chosen below and a server that never accepts?",
        unit="connections",
    ),
    knobs=(
        Knob("backlog", "the number that the program hands to listen()", default=8, choices=(1, 8, 100, 1000, 10_000)),
    ),
    seconds=6,
)


@lab.unless
def why_not() -> str | None:
    """Other systems count the backlog in other ways, and have fewer loopback addresses."""
    return None if sys.platform == "linux" else "it is about the accept queue of Linux"


@dataclass
class _Waiting:
    """A listener with a full queue, and one client more. Times are in seconds of ``time.perf_counter``."""

    listener: socket.socket
    client: socket.socket
    accept_after: float
    begun: float
    accepted: bool = False


@lab.measure
def measure(knobs: Knobs, bench: Bench) -> None:
    """Fill a queue several times; then let connects wait for room."""
    backlog = int(knobs["backlog"])
    for name in _SETTINGS:
        with contextlib.suppress(OSError, ValueError):
            bench.fact(name, kernel_setting(name))
    expected = min(backlog, kernel_setting(_SOMAXCONN)) + 1
    tries = expected + _BEYOND
    tries = min(tries, bench.raise_file_limit(max(tries + _SPARE_FILES, _FILES_OF_SECOND_PART)) - _SPARE_FILES)
    bench.fact(_AT_MOST, tries)
    overflows = _overflows()
    for _ in bench.rounds(_ROUNDS, "filling a queue", end=_ROUNDS_SHARE):
        _fill_once(bench, backlog, tries)
    _wait_for_room(bench, min(backlog, 8))
    if overflows is not None:
        bench.fact(_OVERFLOWS, (_overflows() or 0) - overflows)


def _fill_once(bench: Bench, backlog: int, tries: int) -> None:
    with ExitStack() as stack:
        listener = stack.enter_context(_listen(backlog))
        completed = 0
        for _ in range(tries):
            begun = time.perf_counter_ns()
            client = stack.enter_context(_connect(listener))
            if not _completes(client, _HANGS_S):
                break
            if completed < 100:  # more would say nothing new, and be much to keep
                bench.record(_AT_ONCE, (time.perf_counter_ns() - begun) / 1e3, unit="µs")
            client.send(_GREETING)
            completed += 1
        bench.record(_COMPLETED, completed, unit="connections")
        bench.record(_ACCEPTED, _drain(bench, listener), unit="connections")


def _drain(bench: Bench, listener: socket.socket) -> int:
    """Accept all that wait; how many they were. Each is reset when it is closed, so nothing of it stays behind."""
    found = 0
    listener.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
                if found == 0:
                    bench.fact(_GREETED, len(connection.recv(len(_GREETING), socket.MSG_DONTWAIT)))
            found += 1
    return found


def _wait_for_room(bench: Bench, backlog: int) -> None:
    """Have one client more wait at each full queue, accept one connection at the queue's moment, and time the clients."""
    bench.fact(_SMALL, backlog)
    with ExitStack() as stack:
        waiting = [_one_too_many(stack, backlog, moment) for moment in _MOMENTS_S * _QUEUES]
        deadline = max(each.begun for each in waiting) + _PATIENCE_S
        while waiting and (now := time.perf_counter()) < deadline:
            bench.progress(
                _ROUNDS_SHARE + (1 - _ROUNDS_SHARE) * (1 - (deadline - now) / _PATIENCE_S), "waiting for room"
            )
            _accept_when_due(waiting)
            for each in _completed(waiting, _seconds_to_next(waiting, deadline)):
                bench.record(_WAITED, time.perf_counter() - each.begun, unit="s", at=each.accept_after)
                waiting.remove(each)
        bench.fact(_UNRESOLVED, len(waiting))


def _one_too_many(stack: ExitStack, backlog: int, accept_after: float) -> _Waiting:
    listener = stack.enter_context(_listen(backlog))
    for _ in range(backlog + 1):
        _completes(stack.enter_context(_connect(listener)), _HANGS_S)
    begun = time.perf_counter()
    return _Waiting(listener, stack.enter_context(_connect(listener)), accept_after, begun)


def _accept_when_due(waiting: list[_Waiting]) -> None:
    for each in waiting:
        if not each.accepted and time.perf_counter() >= each.begun + each.accept_after:
            each.accepted = True
            each.listener.accept()[0].close()


def _seconds_to_next(waiting: list[_Waiting], deadline: float) -> float:
    due = [each.begun + each.accept_after for each in waiting if not each.accepted]
    return max(min(*due, deadline, time.perf_counter() + 0.25) - time.perf_counter(), 0.0) if due else 0.25


def _completed(waiting: list[_Waiting], timeout_s: float) -> list[_Waiting]:
    """Those whose client got its connection within the time: as soon as there is one."""
    poll = select.poll()
    for each in waiting:
        poll.register(each.client, select.POLLOUT)
    ready = {descriptor for descriptor, _ in poll.poll(timeout_s * 1000)}
    return [each for each in waiting if each.client.fileno() in ready and _error(each.client) == 0]


@contextlib.contextmanager
def _listen(backlog: int) -> Iterator[socket.socket]:
    """A listener on an address of its own. When it closes, the kernel resets what waits in its queue."""
    with socket.socket() as listener:
        listener.bind((fresh_address(), 0))
        listener.listen(backlog)
        listener.settimeout(_PATIENCE_S)
        yield listener


def _connect(listener: socket.socket) -> socket.socket:
    """A client whose SYN is sent, without waiting for what follows. Closing it sends RST and leaves nothing."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    client.setblocking(False)
    client.connect_ex(listener.getsockname())
    return client


def _completes(client: socket.socket, timeout_s: float) -> bool:
    poll = select.poll()
    poll.register(client, select.POLLOUT)
    return bool(poll.poll(timeout_s * 1000)) and _error(client) == 0


def _error(client: socket.socket) -> int:
    return client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


def _overflows() -> int | None:
    """How often any listener's queue of this network namespace was full; None where the kernel does not tell."""
    with contextlib.suppress(OSError, ValueError):
        lines = Path("/proc/net/netstat").read_text(encoding="ascii").splitlines()
        names, values = (line.split() for line in lines if line.startswith("TcpExt:"))
        return int(dict(zip(names, values, strict=False))["ListenOverflows"])
    return None


@lab.explain
def explain(result: Result) -> Explanation:
    """How many connects completed against the backlog, and on which seconds the waiting ones ended."""
    completed = result.values(_COMPLETED)
    answer = Estimate(median(completed), min(completed), max(completed))
    paragraphs = (_queue(result, answer), _established(result), _steps(result), _meaning(result))
    return Explanation(
        answer=answer,
        headline=_headline(result, answer),
        text="\n\n".join(paragraph for paragraph in paragraphs if paragraph),
        plots=(_counts(result, answer), *_waits(result)),
        trust=_trust(result),
    )


def _backlog(result: Result) -> int:
    return int(result.knobs["backlog"])


def _hung(result: Result) -> bool:
    """Whether a connect hung in every round: without that, the count is where the lab stopped trying."""
    return max(result.values(_COMPLETED)) < result.number(_AT_MOST)


def _headline(result: Result, answer: Estimate) -> str:
    begin = f"With a backlog of {_backlog(result):,}, {answer.value:,.0f} connects completed without a single accept"
    if not _hung(result):
        return f"{begin}, and none of them hung: the lab stopped trying there."
    shortest = min((min(values) for values in result.series(_WAITED).values()), default=None)
    if shortest is None:
        return f"{begin}; the next one hung."
    return f"{begin}; a connect to a full queue took {number(shortest)} s or more."


def _queue(result: Result, answer: Estimate) -> str:
    asked, most = _backlog(result), int(result.number(_SOMAXCONN))
    effective = min(asked, most)
    if not _hung(result):
        return (
            f"The lab tries {result.number(_AT_MOST):,.0f} connects at most here, as each needs a file descriptor, and none of them hung. "
            "Where the queue ends, this run can't say: choose a smaller backlog, or raise the hard limit of open files."
        )
    cut = (
        f"The program asked for {asked:,}, and the kernel cut that to `net.core.somaxconn`, which is {most:,} here, without an error. "
        if asked > most
        else ""
    )
    if answer.low == answer.high == effective + 1:
        return (
            f"{cut}The [accept queue](concept:accept-queue) held {effective + 1:,} connections in each of the rounds: one more than the backlog"
            f"{' that was left' if cut else ''}, because Linux turns a client away only once the queue is longer than that number. The next client's "
            "SYN was dropped without an answer, so that client could not tell a full queue from a dead machine."
        )
    return (
        f"{cut}Linux lets {effective + 1:,} connections in, one more than the backlog in force; here {number(answer.low)} to "
        f"{number(answer.high)} completed. Something on this machine changes the rule or disturbed the rounds, such as another kernel "
        "under the same interface, or a connect that took longer than 0.2 s for another reason."
    )


def _established(result: Result) -> str:
    found, quick = median(result.values(_ACCEPTED)), median_estimate(result.values(_AT_ONCE))
    said = (
        f"While there was room a connect took {number(quick.value)} µs, with nobody accepting: the kernel completes "
        "[the handshake](concept:sockets) alone. "
    )
    if found == median(result.values(_COMPLETED)):
        said += f"All {found:,.0f} connections were still there when the program accepted at last"
    else:
        said += f"When the program accepted at last, {found:,.0f} connections were there"
    if result.facts.get(_GREETED):
        said += ", and the first had already brought the bytes that its client had sent into the queue"
    return said + ". A connect that succeeds says that the kernel lives, not that the program does."


def _steps(result: Result) -> str:
    waited = {after: median(values) for after, values in result.series(_WAITED).items()}
    if not waited:
        return "No waiting connect completed within the lab's patience after the program accepted again."
    told = "; ".join(f"{number(after)} s → {number(took)} s" for after, took in waited.items())
    said = f"When the program accepted one connection again, the waiting client was let in, but not at once (accepted after → connect took): {told}. "
    if all(abs(took - round(took)) <= _NEAR_S and took >= after for after, took in waited.items()):
        seconds = _list([f"{second} s" for second in sorted({round(took) for took in waited.values()})])
        said += (
            f"They ended about {seconds} after they began: nothing tells a client that there is room again. It learns that when it "
            "repeats its SYN, and Linux does so first after 1 s, the initial [timeout](concept:timeouts) of RFC 6298. "
        )
        said += _backoff(result)
    else:
        said += (
            "Linux repeats an unanswered SYN first after 1 s, and only a repeated SYN finds the room; these times do not all lie on "
            "whole seconds, so something else delayed them as well."
        )
    return said.strip()


def _backoff(result: Result) -> str:
    linear = result.facts.get("net.ipv4.tcp_syn_linear_timeouts")
    if not isinstance(linear, int | float) or linear < 1:
        return "Each further wait is twice as long as the one before."
    return f"The first {linear:.0f} repetitions come a second apart (`net.ipv4.tcp_syn_linear_timeouts`), the later ones after twice the wait each."


def _list(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} or {items[-1]}"


def _meaning(result: Result) -> str:
    counted = result.facts.get(_OVERFLOWS)
    seen = (
        f"; during this run the whole machine's count grew by {counted:,.0f}"
        if isinstance(counted, int | float)
        else ""
    )
    return (
        "So a server that accepts too slowly shows as connect times of whole seconds, and a client whose connect timeout is below one second "
        "never gets its second try. On the server `ss -ltn` shows the queue (Recv-Q) against its limit (Send-Q), and "
        f"`nstat -az TcpExtListenOverflows` counts what was turned away{seen}. A longer queue outlasts a longer pause; against a "
        "program that is too slow for good it only makes clients wait longer, as those in it count as connected."
    )


def _trust(result: Result) -> tuple[str, ...]:
    said = [
        f"The counts are exact, with the smallest and largest of the {_ROUNDS} rounds as their interval; the waits were measured on "
        f"{_QUEUES} queues for each moment, all at the same time, with a backlog of {result.number(_SMALL):.0f}.",
        "Clients connect one after another here. When many arrive at the same moment, half-open connections count as well, and the "
        "limit is less exact.",
    ]
    if unresolved := int(result.number(_UNRESOLVED)):
        said.append(
            f"{unresolved} waiting connects did not complete within {_PATIENCE_S:.0f} s and are missing from the plot."
        )
    return tuple(said)


def _counts(result: Result, answer: Estimate) -> BarPlot:
    asked, most = _backlog(result), result.number(_SOMAXCONN)
    bars = [Bar(label="backlog asked for", value=asked)]
    if asked > most:
        bars.append(Bar(label="net.core.somaxconn", value=most))
    bars.append(Bar.of("connects that completed", answer))
    said = result.predicted
    return BarPlot(
        title="Connections in the queue",
        alt="Connections: " + ", ".join(f"{bar.label} {bar.value:,.0f}" for bar in bars) + ".",
        marks=() if said is None else (Mark(value=said.value, label=f"you predicted {said.value:,.10g}"),),
        axis=Axis(label="connections"),
        bars=tuple(bars),
    )


def _waits(result: Result) -> tuple[LinePlot, ...]:
    waited = result.series(_WAITED)
    if not waited:
        return ()
    points = tuple(
        Point(x=after, y=median(values), low=min(values), high=max(values)) for after, values in waited.items()
    )
    told = ", ".join(f"{number(point.x)} s: {number(point.y)} s" for point in points)
    return (
        LinePlot(
            title="How long a connect to a full queue took",
            alt=f"By the time after which the program accepted one connection, how long the waiting connect took: {told}.",
            x=Axis(label="program accepts one connection after", unit="s"),
            y=Axis(label="connect took", unit="s"),
            lines=(Line(label="waiting connect", points=points),),
        ),
    )
