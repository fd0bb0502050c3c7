"""HTTP requests with a connection each, one after another on one connection, and in a row without waiting for answers."""

from __future__ import annotations

import gc
import os
import random
import socket
import struct
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from climb.labs.bench import Bench, received
from climb.labs.lab import Explanation, Knob, Knobs, Lab, Prediction
from climb.labs.plot import Axis, Bar, BarPlot, Line, LinePlot, Mark, Point
from climb.labs.result import Result
from climb.labs.rows_of_requests import Client, serve
from climb.labs.statistics import Estimate, median, median_estimate, ratio_estimate
from climb.labs.words import number

__all__ = ["lab"]

_EACH, _ROW = "a connection for each request", "in a row on one connection"
_SPENT, _SPENT_EACH = "server's processor time, in a row", "server's processor time, a connection each"
_READS = "reads of the server for a request, in a row"
_TIME_WAIT = "connections left in TIME_WAIT"
_OPENED = "connections that the server closed"

_ROUNDS = 80
_REQUESTS = 100  # in each condition of a round
_DEPTHS = (1, 2, 5, 10, 20, 50, 100)
_ENDED = "06"  # TIME_WAIT in /proc/net/tcp: include/net/tcp_states.h

lab = Lab(
    title="One connection or many",
    question="What does it cost to open a connection for each HTTP request, and what is gained by not even waiting for the answers?",
    about=(
        "A client asks an HTTP/1.1 server over loopback, a hundred times in each round: with a connection for each request, which the server closes after its answer; one after another on one "
        "connection; and in rows, where several requests are sent at once before their answers are read (*pipelining*). Measured is the time of a request with its share of all that, and the "
        "processor time that the server spends on it. Client and server share one processor."
    ),
    concepts=("http-framing", "keep-alive", "pipelining"),
    prediction=Prediction(
        ask="How many times as long does a request take with a connection of its own as in a row of ten, or as many as chosen below?",
        unit="×",
    ),
    knobs=(
        Knob("row", "requests in the longest row", default=10, choices=(2, 10, 100)),
        Knob("body", "bytes in the body of each answer", default=100, choices=(100, 10_000, 100_000)),
    ),
    seconds=2,
)


@lab.unless
def why_not() -> str | None:
    """Other systems have no more than 127.0.0.1 without being told."""
    return None if sys.platform == "linux" else "it binds addresses that only Linux has on loopback"


@lab.measure
def measure(knobs: Knobs, bench: Bench) -> None:
    """All ways by turns, each with the same number of requests."""
    size = int(knobs["body"])
    depths = [depth for depth in _DEPTHS if depth <= int(knobs["row"])]
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # else it is chance whether they share one
    with bench.process(serve, size) as control:
        address = received(control)
        client = Client(address, size)
        ways: dict[int, Callable[[], int]] = {0: partial(client.connection_each, _REQUESTS)}
        ways |= {depth: partial(client.in_rows, depth, _REQUESTS) for depth in depths}
        for way in ways.values():
            way()
        gc.disable()
        for _ in bench.rounds(_ROUNDS, "asking"):
            for depth, way in random.sample(list(ways.items()), len(ways)):
                _measure_one(bench, client, depth, way)
            gc.collect()
        bench.fact(_TIME_WAIT, _left_waiting(address))
        bench.fact(_OPENED, (_ROUNDS + 1) * _REQUESTS + 2 * _ROUNDS * len(ways))


def _measure_one(bench: Bench, client: Client, depth: int, way: Callable[[], int]) -> None:
    before = client.spent()
    took = way()
    after = client.spent()
    if not depth:
        bench.record(_EACH, took / _REQUESTS / 1e3, unit="µs")
        bench.record(_SPENT_EACH, (after.processor_ns - before.processor_ns) / _REQUESTS / 1e3, unit="µs")
        return
    bench.record(_ROW, took / _REQUESTS / 1e3, unit="µs", at=depth)
    bench.record(_SPENT, (after.processor_ns - before.processor_ns) / _REQUESTS / 1e3, unit="µs", at=depth)
    bench.record(_READS, (after.reads - before.reads - 1) / _REQUESTS, unit="reads", at=depth)


def _left_waiting(address: tuple[str, int]) -> int:
    """How many of the server's connections the kernel keeps in TIME_WAIT."""
    packed = struct.unpack("=I", socket.inet_aton(address[0]))[0]
    local = f"{packed:08X}:{address[1]:04X}"
    rows = (line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:])
    return sum(row[1] == local and row[3] == _ENDED for row in rows)


@lab.explain
def explain(result: Result) -> Explanation:
    """The three ways, what a row saves, what the server notices of it, and what rows ask of a server."""
    ratio = ratio_estimate(result.values(_EACH), result.values(_ROW, _longest(result)))
    return Explanation(
        answer=ratio,
        headline=_headline(result, ratio),
        text="\n\n".join((_connections(result), _rows(result), _server(result), _advice())),
        plots=(_bars(result), _lines(result)),
        trust=(
            "Client and server are Python programs and part of the times; they share one processor, so nothing is done at the same time, and no processor has to be woken.",
            "Over a network round trips come on top, two for a request with a connection of its own, one for one on an open connection, and one for a whole row; the lab on the "
            "handshake reckons with them.",
        ),
    )


def _longest(result: Result) -> int:
    return int(max(result.series(_ROW)))


def _row_time(result: Result, depth: int) -> float:
    return median(result.values(_ROW, depth))


def _between(estimate: Estimate) -> str:
    return f"{number(estimate.value)} times as long ({number(estimate.low)} to {number(estimate.high)})"


def _headline(result: Result, ratio: Estimate) -> str:
    row = _longest(result)
    times = (
        f"{number(median(result.values(_EACH)))} µs with a connection of its own, {number(_row_time(result, 1))} µs on one that is kept, "
        f"{number(_row_time(result, row))} µs in a row of {row}"
    )
    if ratio.low <= 1 <= ratio.high:
        return f"A request took {times}: the first and the last can't be told apart by this run."
    return f"A request took {times}."


def _connections(result: Result) -> str:
    ratio = ratio_estimate(result.values(_EACH), result.values(_ROW, 1))
    said = f"A request with a connection of its own took {_between(ratio)} as one on a connection that is kept"
    if ratio.low <= 1:
        return said + ": with so much to carry, or on a machine this busy, opening does not stand out."
    return said + (
        f": {number(median(result.values(_EACH)) - _row_time(result, 1))} µs for opening and closing, which is work of the kernel and of both programs, before any distance. "
        "So in HTTP/1.1 a [connection is kept](concept:keep-alive) unless somebody says `Connection: close`."
    )


def _rows(result: Result) -> str:
    row = _longest(result)
    ratio = ratio_estimate(result.values(_ROW, 1), result.values(_ROW, row))
    reads = median(result.values(_READS, row))
    said = f"One after another, a request took {_between(ratio)} as in a row of {row}. "
    if ratio.low <= 1 <= ratio.high:
        return said + "So what a row saves does not stand out here: most of the time goes into the answers themselves."
    if ratio.high < 1:
        return said + (
            "So here the row was slower. Its answers together are more than what fits between the two at once, so they pass in pieces; whether that is the cause, this run can't tell."
        )
    return said + (
        f"One after another the two take turns, each time with a system call to send, one to receive, and a [switch](concept:context-switches) from one to the other. In a row they "
        f"share these: reads of the server for each request were {number(median(result.values(_READS, 1)))} one after another and {number(reads)} in the row. Over a network the row saves more, as it "
        "waits for one round trip instead of many."
    )


def _server(result: Result) -> str:
    row, left = _longest(result), result.number(_TIME_WAIT)
    spent = {
        "with a connection each": median(result.values(_SPENT_EACH)),
        "on one that is kept": median(result.values(_SPENT, 1)),
        f"in a row of {row}": median(result.values(_SPENT, row)),
    }
    told = ", ".join(f"{number(each)} µs {way}" for way, each in spent.items())
    said = f"The server's processor worked for a request {told}: as long as it is busy with opening and closing it answers nobody. "
    if not left:
        return said + "No connection of the server was left in TIME_WAIT."
    return said + (
        f"And {left:,.0f} connections were left in TIME_WAIT, of {result.number(_OPENED):,.0f} that the server had closed. The side that closes first remembers each for 60 s on Linux, so that "
        "late packets meet nobody else. Where the client closes first it is the one that remembers, and with hundreds of connections a second to one server it runs out of ports."
    )


def _advice() -> str:
    return (
        "For a backend: keep connections, and give clients a pool of them. [Pipelining](concept:pipelining) asks more of a server than it seems: a read may hold half a request or ten, and "
        "answers must come in the order of the requests, so that a slow one holds up all behind it. That is why browsers gave it up and HTTP/2 numbers its streams. Databases and caches, whose "
        "answers are quick, use it with great gain. What a connection costs over a distance is reckoned in the lab [handshake](lab:handshake)."
    )


def _bars(result: Result) -> BarPlot:
    row = _longest(result)
    rows = {
        _EACH: median_estimate(result.values(_EACH)),
        "one after another on one connection": median_estimate(result.values(_ROW, 1)),
        f"{row} {_ROW}": median_estimate(result.values(_ROW, row)),
    }
    said, base = result.predicted, _row_time(result, row)
    return BarPlot(
        title="Time of a request",
        alt="; ".join(f"{label} {number(each.value)} µs" for label, each in rows.items()) + ".",
        axis=Axis(label="time of a request", unit="µs"),
        bars=tuple(Bar.of(label, each) for label, each in rows.items()),
        marks=()
        if said is None
        else (Mark(value=said.value * base, label=f"you predicted {number(said.value)} ×, with a connection each"),),
    )


def _lines(result: Result) -> LinePlot:
    lines = tuple(
        Line(
            label=label, points=tuple(Point.of(x, median_estimate(values)) for x, values in result.series(name).items())
        )
        for label, name in (("time of a request", _ROW), ("of that, the server's processor", _SPENT))
    )
    return LinePlot(
        title="One connection: requests sent before the first answer is read",
        alt="; ".join(
            f"{line.label}: " + ", ".join(f"{number(point.y)} µs in rows of {point.x:.0f}" for point in line.points)
            for line in lines
        )
        + ".",
        x=Axis(label="requests in a row", log=True),
        y=Axis(label="time for each", unit="µs"),
        lines=lines,
    )
