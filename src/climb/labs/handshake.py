"""A new connection for each request against connections that stay open: what the handshake costs here, and over a distance."""

from __future__ import annotations

import gc
import os
import random
import socket
import struct
import sys
import time
from contextlib import ExitStack
from multiprocessing.connection import Connection

from climb.labs.bench import Bench, received
from climb.labs.lab import Explanation, Knob, Knobs, Lab, Prediction
from climb.labs.loopback import fresh_address
from climb.labs.plot import Axis, Bar, BarPlot, Line, LinePlot, Mark, Point
from climb.labs.result import Result
from climb.labs.statistics import Estimate, median, median_estimate, ratio_estimate
from climb.labs.words import number

__all__ = ["lab"]

_REUSED = "time of a request, by requests on its connection"
_KEPT = "time of a request on one connection kept open"
_CONNECT = "of that, until connect returns"
_OPENED = "connections opened"
_PROCESSORS = "processors in use"

_ROUNDS = 60
_REQUESTS = 64  # in each condition of a round
_PER_CONNECTION = (1, 2, 4, 8, 16, 64)
_REQUEST = b"?" * 64
_LARGEST_READ = 256 * 1024
_DEADLINE = struct.pack("ll", 5, 0)  # seconds and microseconds, as SO_RCVTIMEO and SO_SNDTIMEO take them
_SEGMENT_BYTES = 1460  # what a TCP segment carries over Ethernet with IPv4
_FIRST_SEGMENTS = 10  # RFC 6928: what a new connection may send before the first acknowledgement

lab = Lab(
    title="What a new connection costs",
    question="Does it matter whether a client opens a new connection for each request or keeps one open?",
    about=(
        "A client sends small requests to a server over loopback, one after another, and reads each answer whole. The connection is closed "
        "after 1, 2, 4 … 64 requests, or stays open all the time; measured is the time of a request with its share of opening and closing. The server "
        "is the same program in all cases. Loopback has no distance: what one would add is calculated from the number of round trips, not measured."
    ),
    concepts=("sockets", "http-messages"),
    prediction=Prediction(
        ask="On loopback, how many times as long does a request take over a new connection as over one that is kept open?",
        unit="×",
    ),
    knobs=(
        Knob("answer", "bytes in each answer", default=100, choices=(100, 10_000, 100_000, 1_000_000)),
        Knob("distance", "round-trip time for the calculation, in ms", default=20.0, choices=(0.2, 1.0, 20.0, 100.0)),
        Knob("processors", "processors that client and server run on", default=1, choices=(1, 2)),
    ),
    seconds=2,
)


@lab.unless
def why_not() -> str | None:
    """Other systems have no more than 127.0.0.1 without being told."""
    return None if sys.platform == "linux" else "it binds addresses that only Linux has on loopback"


@lab.measure
def measure(knobs: Knobs, bench: Bench) -> None:
    """Time the conditions by turns, each with the same number of requests."""
    size = int(knobs["answer"])
    processors = sorted(os.sched_getaffinity(0))[-int(knobs["processors"]) :]
    bench.fact(_PROCESSORS, len(processors))
    with ExitStack() as stack:
        address = received(stack.enter_context(bench.process(_serve, size, processors[0])))
        os.sched_setaffinity(0, {processors[-1]})
        for requests in _PER_CONNECTION:
            _reconnecting(address, size, requests)
        gc.disable()
        for _ in bench.rounds(_ROUNDS, "asking"):
            for requests in random.sample((*_PER_CONNECTION, 0), len(_PER_CONNECTION) + 1):
                _measure_one(bench, address, size, requests)
            gc.collect()
    bench.fact(_OPENED, (_ROUNDS + 1) * sum(_REQUESTS // requests for requests in _PER_CONNECTION) + _ROUNDS)


def _measure_one(bench: Bench, address: tuple[str, int], size: int, requests: int) -> None:
    if not requests:
        bench.record(_KEPT, _on_one(address, size) / _REQUESTS / 1e3, unit="µs")
        return
    whole, connecting = _reconnecting(address, size, requests)
    bench.record(_REUSED, whole / _REQUESTS / 1e3, unit="µs", at=requests)
    if requests == 1:
        bench.record(_CONNECT, connecting / _REQUESTS / 1e3, unit="µs")


def _reconnecting(address: tuple[str, int], size: int, requests: int) -> tuple[int, int]:
    """Send the requests, ``requests`` on each connection; the nanoseconds in all, and those until the connections stood."""
    connecting = 0
    began = time.perf_counter_ns()
    for _ in range(_REQUESTS // requests):
        begun = time.perf_counter_ns()
        client = socket.socket()
        client.connect(address)
        connecting += time.perf_counter_ns() - begun
        for _ in range(requests):
            _ask(client, size)
        client.close()
    return time.perf_counter_ns() - began, connecting


def _on_one(address: tuple[str, int], size: int) -> int:
    """Send the requests on one connection that was open before and stays open; the nanoseconds in all."""
    with socket.create_connection(address) as client:
        for _ in range(2):
            _ask(client, size)
        began = time.perf_counter_ns()
        for _ in range(_REQUESTS):
            _ask(client, size)
        return time.perf_counter_ns() - began


def _ask(client: socket.socket, size: int) -> None:
    """One request. A server that does not answer gives up first and closes, so this ends as well."""
    client.send(_REQUEST)
    missing = size
    while missing:
        received = len(client.recv(min(missing, _LARGEST_READ)))
        if not received:
            raise ConnectionError("the lab's server closed the connection before its answer was complete")
        missing -= received


def _serve(control: Connection, size: int, processor: int) -> None:
    """Serve one connection after another: the client has only one at a time. Connections inherit the listener's options."""
    answer = bytes(size)
    os.sched_setaffinity(0, {processor})
    gc.disable()
    with socket.create_server((fresh_address(), 0)) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _DEADLINE)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _DEADLINE)
        control.send(listener.getsockname())
        while True:
            client, _ = listener.accept()
            while client.recv(len(_REQUEST)):
                client.sendall(answer)
            client.close()


@lab.explain
def explain(result: Result) -> Explanation:
    """What was measured on loopback, how reuse spreads the cost, and what a distance would add."""
    new, kept = result.values(_REUSED, 1.0), result.values(_KEPT)
    ratio = ratio_estimate(new, kept)
    return Explanation(
        answer=ratio,
        headline=_headline(ratio, median(new), median(kept)),
        text="\n\n".join((_cost(result, ratio), _sharing(result), _far(result), _meaning(result))),
        plots=(_by_reuse(result), _by_distance(result)),
        trust=(
            _placement(result),
            "Client and server are Python programs and part of the times; the same calls from another language take less of their own.",
            "Loopback loses no packets, has segments of up to 64 kB and no distance. The times over a distance are calculated as if a network "
            "had no limit but its round trips.",
        ),
    )


def _headline(ratio: Estimate, new: float, kept: float) -> str:
    times = f"{number(new)} µs over a new connection, {number(kept)} µs over one kept open"
    if ratio.low > 1:
        return f"On loopback a request took {number(ratio.value)} times as long with a connection of its own: {times}."
    if ratio.high < 1:
        return f"On loopback a request with a connection of its own was the faster one here: {times}."
    return f"On loopback this run can tell no difference: {times}."


def _placement(result: Result) -> str:
    if result.number(_PROCESSORS) < 2:
        return (
            "Client and server share one processor, so that the system's choice where to run them is not in the numbers; with one each, every "
            "request also pays for waking the other processor."
        )
    return (
        "Client and server have a processor each, so every request pays for waking the other one, twice; how long that takes depends on how deep "
        "an idle processor sleeps."
    )


def _cost(result: Result, ratio: Estimate) -> str:
    new, kept = median(result.values(_REUSED, 1.0)), median(result.values(_KEPT))
    between = f"({number(ratio.low)} to {number(ratio.high)})"
    if ratio.low <= 1:
        return (
            f"The answers have {_bytes(result)}; with so much to carry, or on a machine this busy, what a new connection adds does not "
            f"stand out: {number(ratio.value)} times {between}. Opening one took {number(median(result.values(_CONNECT)))} µs here until "
            "`connect` returned."
        )
    connecting = min(median(result.values(_CONNECT)) / (new - kept), 1.0)
    return (
        f"A connection of its own added {number(new - kept)} µs to a request with an answer of {_bytes(result)}, "
        f"which took {number(ratio.value)} times as long for it {between}. {connecting:.0%} of what was added is "
        "[the handshake](concept:sockets), until `connect` returned; the rest is the server's `accept`, closing on both sides, and all "
        "that is fresh in a new connection. No packet travelled anywhere: all of it is work of one kernel and two programs."
    )


def _sharing(result: Result) -> str:
    kept = median(result.values(_KEPT))
    times = {int(requests): median(values) for requests, values in result.series(_REUSED).items()}
    told = "; ".join(f"{requests}: {number(times[requests])} µs" for requests in times)
    near = next(
        (requests for requests in times if all(times[more] <= 1.1 * kept for more in times if more >= requests)), None
    )
    said = f"Requests on a connection share its price. By how many there were (requests: time of each): {told}; kept open: {number(kept)} µs. "
    if near is None:
        return f"{said}Even {max(times)} requests on a connection left more than a tenth above the kept one."
    return f"{said}From {near} on, less than a tenth above the kept one was left."


def _far(result: Result) -> str:
    distance, new, kept = _distance(result), _new_far_ms(result), _kept_far_ms(result)
    growing = _slow_start_rounds(_size(result)) - 1
    said = (
        f"Now add a distance, by calculation. With {number(distance)} ms for a round trip, the handshake is one round trip and the request "
        f"another: {number(new)} ms on a new connection, against {number(kept)} ms on one that is open, {number(new / kept)} times as long. "
    )
    if growing:
        said += (
            f"Of the time on the new one {number(growing * distance)} ms pay for {growing} more round trip{'s' if growing > 1 else ''}: it begins "
            f"with {_FIRST_SEGMENTS} segments, {_FIRST_SEGMENTS * _SEGMENT_BYTES / 1000:.1f} kB (RFC 6928), and doubles that each round trip, as "
            "[congestion control](concept:congestion-control) has it; the open one is taken to have grown its window already. "
        )
    return (
        said
        + f"[TLS](concept:tls-handshake) 1.3 would add {number(distance)} ms to the new connection, for one more round trip."
    )


def _meaning(result: Result) -> str:
    opened = result.number(_OPENED)
    return (
        "That is why HTTP/1.1 keeps connections open by default, and why clients of databases and services hold "
        "[pools](concept:connection-pools) of them. Closing has a price too: whoever closes first keeps the connection in TIME_WAIT for a "
        f"minute on Linux, where `ss -tan state time-wait` shows it. This run opened {opened:,.0f} connections and its client closed them all; "
        "a client that opens many to one server in a minute can run out of ports."
    )


def _size(result: Result) -> int:
    return int(result.knobs["answer"])


def _bytes(result: Result) -> str:
    return f"{_size(result):,} bytes"


def _distance(result: Result) -> float:
    return float(result.knobs["distance"])


def _slow_start_rounds(size: int) -> int:
    """How many round trips a new connection needs for an answer, when its window doubles with each (RFC 5681, RFC 6928)."""
    rounds, window, sent = 1, _FIRST_SEGMENTS * _SEGMENT_BYTES, _FIRST_SEGMENTS * _SEGMENT_BYTES
    while sent < size:
        window *= 2
        sent += window
        rounds += 1
    return rounds


def _new_far_ms(result: Result) -> float:
    return median(result.values(_REUSED, 1.0)) / 1e3 + (1 + _slow_start_rounds(_size(result))) * _distance(result)


def _kept_far_ms(result: Result) -> float:
    return median(result.values(_KEPT)) / 1e3 + _distance(result)


def _by_reuse(result: Result) -> LinePlot:
    kept, said = median(result.values(_KEPT)), result.predicted
    estimates = {requests: median_estimate(values) for requests, values in result.series(_REUSED).items()}
    told = ", ".join(f"{requests:.0f}: {number(each.value)} µs" for requests, each in estimates.items())
    predicted = () if said is None else (Mark(value=said.value * kept, label=f"you predicted {number(said.value)} ×"),)
    return LinePlot(
        title="Time of a request on loopback",
        alt=f"Median time of a request by requests on its connection: {told}; on one connection kept open: {number(kept)} µs.",
        marks=(Mark(value=kept, label=f"kept open: {number(kept)} µs"), *predicted),
        x=Axis(label="requests on a connection before it is closed", log=True),
        y=Axis(label="time of a request", unit="µs"),
        lines=(
            Line(
                label="closed after that many",
                points=tuple(Point.of(x, each) for x, each in estimates.items()),
            ),
        ),
    )


def _by_distance(result: Result) -> BarPlot:
    distance = number(_distance(result))
    bars = (Bar(label="new connection", value=_new_far_ms(result)), Bar(label="kept open", value=_kept_far_ms(result)))
    return BarPlot(
        title=f"The same request at a distance of {distance} ms, calculated",
        alt=f"Calculated time of a request with a round trip of {distance} ms: "
        + ", ".join(f"{bar.label} {number(bar.value)} ms" for bar in bars)
        + ".",
        axis=Axis(label="time of a request", unit="ms"),
        bars=bars,
    )
