"""Nagle's algorithm against the delayed acknowledgement: a request sent in several small writes waits for a timer."""

from __future__ import annotations

import random
import socket
import sys
import threading
import time
from contextlib import ExitStack
from multiprocessing.connection import Connection

from climb.labs.bench import Bench, received
from climb.labs.lab import Explanation, Knob, Knobs, Lab, Prediction
from climb.labs.loopback import fresh_address
from climb.labs.plot import Axis, Bar, BarPlot, Line, LinePlot, Mark, Point
from climb.labs.result import Result
from climb.labs.statistics import median, median_estimate, ratio_estimate
from climb.labs.words import number

__all__ = ["lab"]

_DEFAULT = "several writes, TCP as it is"
_NODELAY = "several writes, TCP_NODELAY"
_QUICK = "several writes, acknowledged at once"
_ONE = "one write, TCP as it is"
_NEW = "new connection, TCP as it is"
_MSS = "largest segment (bytes)"

_ROUNDS = 30
_WARM_UP = (
    8  # exchanges of each connection before the first round: a new connection is acknowledged at once for a while
)
_ROUNDS_SHARE = 0.6  # of the whole time
_CONNECTIONS = 10
_FIRST_EXCHANGES = 6
_STALL_MS = 20.0  # half of the shortest time for which Linux delays an acknowledgement
_DEADLINE_S = 5.0

lab = Lab(
    title="The 40 ms that nobody ordered",
    question="Why does a small request over TCP sometimes take tens of milliseconds when nothing is busy?",
    about=(
        "A client sends a request and waits for a one-byte answer, over loopback, on connections that stay open. "
        "The same bytes go out in several writes or in one; Nagle's algorithm is left on or turned off "
        "(`TCP_NODELAY`); and once the server has its kernel acknowledge every piece at once (`TCP_QUICKACK`). "
        "Measured: the time from before the first write until the answer is there. The four ways take turns in a "
        "drawn order, after each connection has made some exchanges unmeasured."
    ),
    concepts=("nagle-and-delayed-acks", "sockets", "timeouts"),
    prediction=Prediction(
        ask="How many milliseconds does one exchange take if the request goes out in small writes, TCP as it is?",
        unit="ms",
    ),
    knobs=(
        Knob("writes", "writes that make up one request", default=2, choices=(1, 2, 3, 8)),
        Knob("size", "bytes in each write", default=200, choices=(1, 200, 20_000, 70_000)),
    ),
    seconds=6,
)


@lab.unless
def why_not() -> str | None:
    """TCP_QUICKACK is an option of Linux alone."""
    return None if sys.platform == "linux" else "it sets TCP_QUICKACK, which only Linux has"


@lab.measure
def measure(knobs: Knobs, bench: Bench) -> None:
    """Time exchanges in all four ways by turns, then the first exchanges of new connections."""
    size = int(knobs["size"])
    pieces = [bytes(size)] * int(knobs["writes"])
    whole = [b"".join(pieces)]
    with ExitStack() as stack:
        usual = received(stack.enter_context(bench.process(_serve, len(whole[0]), False)))
        quick = received(stack.enter_context(bench.process(_serve, len(whole[0]), True)))
        ways = (
            (_DEFAULT, stack.enter_context(_connect(usual)), pieces),
            (_NODELAY, stack.enter_context(_connect(usual, no_delay=True)), pieces),
            (_QUICK, stack.enter_context(_connect(quick)), pieces),
            (_ONE, stack.enter_context(_connect(usual)), whole),
        )
        for _, connection, writes in ways:
            for _ in range(_WARM_UP):
                _exchange(connection, writes)
        for _ in bench.rounds(_ROUNDS, "exchanging", end=_ROUNDS_SHARE):
            for series, connection, writes in random.sample(ways, len(ways)):
                _exchange(
                    connection, writes
                )  # after a stall's sleep the machine needs a moment to be as quick as before
                bench.record(series, _exchange(connection, writes), unit="ms")
        bench.fact(_MSS, ways[0][1].getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG))
        for _ in bench.rounds(_CONNECTIONS, "connecting anew", begin=_ROUNDS_SHARE):
            with _connect(usual) as connection:
                for exchange in range(1, _FIRST_EXCHANGES + 1):
                    bench.record(_NEW, _exchange(connection, pieces), unit="ms", at=exchange)


def _serve(connection: Connection, request_bytes: int, acknowledge_at_once: bool) -> None:
    """Answer every ``request_bytes`` of a connection with one byte; each connection has a thread."""
    with socket.create_server((fresh_address(), 0)) as listener:
        connection.send(listener.getsockname())
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_answer, args=(client, request_bytes, acknowledge_at_once), daemon=True).start()


def _answer(client: socket.socket, request_bytes: int, acknowledge_at_once: bool) -> None:
    missing = request_bytes
    with client:
        while received := client.recv(min(missing, 65536)):
            if acknowledge_at_once:  # the kernel forgets it again, so after every piece (tcp(7))
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            missing -= len(received)
            if missing == 0:
                client.sendall(b".")
                missing = request_bytes


def _connect(address: tuple[str, int], *, no_delay: bool = False) -> socket.socket:
    connection = socket.create_connection(address, timeout=_DEADLINE_S)
    if no_delay:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _exchange(connection: socket.socket, writes: list[bytes]) -> float:
    """Send the request and wait for the answer; how long that took, in milliseconds."""
    begun = time.perf_counter_ns()
    for piece in writes:
        connection.sendall(piece)
    answer = connection.recv(1)
    ended = time.perf_counter_ns()
    if not answer:
        raise ConnectionError("the lab's server closed the connection")
    return (ended - begun) / 1e6


@lab.explain
def explain(result: Result) -> Explanation:
    """Whether the default stalled, why, and which half of the pair was to blame."""
    default = median_estimate(result.values(_DEFAULT))
    stalls = sum(value >= _STALL_MS for value in result.values(_DEFAULT))
    stalled = stalls * 2 >= len(result.values(_DEFAULT))
    paragraphs = [
        _what(result, stalls),
        *([_why(result), _beginning(result)] if stalled else [_why_not(result, stalls)]),
    ]
    return Explanation(
        answer=default,
        headline=_headline(result, stalled),
        text="\n\n".join([*paragraphs, _advice(result)]),
        plots=(_bars(result), _first_exchanges(result)),
        trust=(
            "Loopback's largest segment is much larger than the usual 1,460 bytes of an Ethernet, so here only a "
            "much larger write counts as full; over a network the round trip comes on top of all four.",
            "How long an acknowledgement is delayed is decided by the receiver's kernel: other systems have other "
            "timers.",
        ),
    )


def _ms(result: Result, series: str, at: float | None = None) -> str:
    return f"{number(median(result.values(series, at)))} ms"


def _request(result: Result) -> str:
    writes, size = int(result.knobs["writes"]), int(result.knobs["size"])
    each = f"{size:,} byte{'' if size == 1 else 's'}"
    return f"one write of {each}" if writes == 1 else f"{writes} writes of {each}"


def _headline(result: Result, stalled: bool) -> str:
    took = f"A request in {_request(result)} took {_ms(result, _DEFAULT)} with TCP as it is"
    if stalled:
        return f"{took}, and {_ms(result, _NODELAY)} with TCP_NODELAY: each side waited for the other."
    return f"{took}, and {_ms(result, _NODELAY)} with TCP_NODELAY: the usual exchange met no delayed acknowledgement."


def _what(result: Result, stalls: int) -> str:
    counted = (
        f"With TCP as it is, {stalls} of {len(result.values(_DEFAULT))} exchanges took {number(_STALL_MS)} ms or longer, and "
        f"the median is {_ms(result, _DEFAULT)}. "
    )
    if int(result.knobs["writes"]) == 1:
        return counted + f"The same write with `TCP_NODELAY` took {_ms(result, _NODELAY)}."
    return counted + (
        f"The same pieces with `TCP_NODELAY` took {_ms(result, _NODELAY)}, and the same bytes in one write, with Nagle's "
        f"algorithm on, {_ms(result, _ONE)}."
    )


def _why(result: Result) -> str:
    quick = median(result.values(_QUICK))
    why = (
        "The first write leaves at once. Nagle's algorithm (RFC 896) then keeps the next small segment back until "
        "the first one is acknowledged. The server has half a request, so it has nothing to answer, and its kernel "
        "delays the acknowledgement in the hope of sending it along with data (RFC 1122, section 4.2.3.2; Linux "
        "waits 40 ms at the least, rounded up to the ticks of its timers). Each side waits for the other until that "
        "[timer](concept:timeouts) ends; neither has anything to compute meanwhile. "
    )
    if quick < _STALL_MS:
        return why + (
            "It needs both halves: with a server that had every piece acknowledged at once the same client took "
            f"{number(quick)} ms."
        )
    return why + (
        f"Even with a server that asked for acknowledgements at once the median was {number(quick)} ms, so on this "
        "machine `TCP_QUICKACK` did not help."
    )


def _beginning(result: Result) -> str:
    first, last = _ms(result, _NEW, 1), _ms(result, _NEW, _FIRST_EXCHANGES)
    if median(result.values(_NEW, 1)) < _STALL_MS <= median(result.values(_NEW, _FIRST_EXCHANGES)):
        return (
            f"A test with one exchange would have missed it: the first exchange of a new connection took {first}, "
            f"the {_FIRST_EXCHANGES}th {last}. Linux acknowledges the first segments of a "
            "[connection](concept:sockets) at once, and begins to delay when data has gone both ways. So the fault "
            "shows on connections that stay open, such as those of a pool, and hides in short tests."
        )
    return f"Of a new connection the first exchange took {first}, the {_FIRST_EXCHANGES}th {last}."


def _why_not(result: Result, stalls: int) -> str:
    if int(result.knobs["writes"]) == 1:
        return (
            "There was one write to send, and nothing of this connection was unacknowledged: Nagle's algorithm "
            "keeps a small segment back only while an earlier one is under way. Set the writes to two and it has "
            "something to keep back."
        )
    if int(result.knobs["size"]) >= result.number(_MSS):
        return (
            f"Each write is larger than a segment (at most {result.number(_MSS):,.0f} bytes on this connection). "
            "Nagle's algorithm does not keep full segments back, and a receiver acknowledges every second full "
            "segment at once (RFC 1122, section 4.2.3.2), so nobody waits for long. Make the writes smaller to see "
            "the wait."
        )
    if stalls:
        return (
            f"{stalls} exchanges did wait for a delayed acknowledgement, less than half of them: with pieces of this "
            "size full segments come together in some exchanges, and these leave without waiting."
        )
    return (
        "The wait that this lab looks for did not appear here. A kernel may acknowledge at once (Linux does so at a "
        "connection's beginning, or if the route has `quickack` set), or have Nagle's algorithm off; the measurement "
        "can't tell which."
    )


def _advice(result: Result) -> str:
    ratio = ratio_estimate(result.values(_NODELAY), result.values(_ONE))
    between = f"({number(ratio.low)} to {number(ratio.high)})"
    if int(result.knobs["writes"]) == 1:
        compared = ""
    elif ratio.low > 1:
        compared = f" One write is the better cure: `TCP_NODELAY` took {number(ratio.value)} times as long {between}."
    elif ratio.high < 1:
        compared = (
            f" Here `TCP_NODELAY` took {number(ratio.value)} times as long as one write {between}, which is less."
        )
    else:
        compared = f" Between the two this run can't tell a difference: the ratio is {number(ratio.value)} {between}."
    return (
        "For a backend: put a request together in memory and send it with one call (`writev` sends several buffers "
        f"as one), and set `TCP_NODELAY` on connections that carry requests.{compared} A latency that stands at 40 "
        "ms and a little, whatever the load, is the mark of this pair."
    )


def _bars(result: Result) -> BarPlot:
    rows = {name: median_estimate(result.values(name)) for name in (_DEFAULT, _NODELAY, _QUICK, _ONE)}
    if int(result.knobs["writes"]) == 1:  # then _ONE has measured the same as _DEFAULT
        del rows[_ONE]
        rows = {name.replace("several writes", "one write"): each for name, each in rows.items()}
    predicted = result.predicted
    return BarPlot(
        title=f"One exchange: {_request(result)}, then the answer",
        alt="Median time of an exchange: "
        + "; ".join(f"{name} {number(each.value)} ms" for name, each in rows.items())
        + ".",
        marks=()
        if predicted is None
        else (Mark(value=predicted.value, label=f"you predicted {number(predicted.value)} ms"),),
        axis=Axis(label="time of an exchange", unit="ms"),
        bars=tuple(Bar.of(name, each) for name, each in rows.items()),
    )


def _first_exchanges(result: Result) -> LinePlot:
    estimates = {at: median_estimate(values) for at, values in result.series(_NEW).items()}
    told = ", ".join(number(each.value) for each in estimates.values())
    points = tuple(Point.of(at, each) for at, each in estimates.items())
    return LinePlot(
        title="The first exchanges of a new connection, TCP as it is",
        alt=f"Median time of the exchanges 1 to {len(points)} on a new connection, in ms: {told}.",
        x=Axis(label="exchange since the connection was opened"),
        y=Axis(label="time of an exchange", unit="ms"),
        lines=(Line(label=f"{len(result.values(_NEW, 1))} connections", points=points),),
    )
