"""How fast this machine is right now, at the thing that is about to be judged.

A stage never compares a time with a number of ours. It compares it with what a plain program does on the same machine in the same
minute, so that a slow laptop and a busy CI worker get the same verdict as a fast desktop.
"""

from __future__ import annotations

import asyncio
import socket
import statistics
import subprocess
import sys
import time

import msgspec

from climb.judge.load.baseline import baseline
from climb.judge.load.http import HttpLoad, HttpLoaded, HttpPlan, HttpRequest

__all__ = [
    "Calibration",
    "Cores",
    "HttpBaseline",
    "calibrate_connects",
    "calibrate_cores",
    "calibrate_decoding",
    "calibrate_http",
    "calibrate_start",
]

_BATCHES = 7
_CONNECTS = 400
_STARTS = 3
_FRESH_S = 60.0
_TURNS = 3
_LOOP_S = 0.2
_MEET_S = 0.1  # until both processes have started


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """The cost of one operation in seconds: the median of several batches, and their spread (largest by smallest)."""

    what: str
    seconds: float
    spread: float

    def __str__(self) -> str:
        return f"{self.what}: {self.seconds * 1e6:.0f} µs (median of {_BATCHES} batches, spread {self.spread:.1f}×)"


async def calibrate_connects(address: str, port: int) -> Calibration:
    """What one connect to a port that refuses costs a plain loop of blocking sockets in Python, here and now."""
    batches = [await asyncio.to_thread(_batch, address, port) for _ in range(_BATCHES)]
    return Calibration(
        what="one refused connect on this machine",
        seconds=statistics.median(batches),
        spread=max(batches) / min(batches),
    )


def _batch(address: str, port: int) -> float:
    started = time.perf_counter()
    for _ in range(_CONNECTS):
        with socket.socket() as probe:
            probe.connect_ex((address, port))
    return (time.perf_counter() - started) / _CONNECTS


async def calibrate_start() -> Calibration:
    """What starting a process costs, here and now: this Python, which does nothing. Measured at most once a minute."""
    measured_at, found = _starts.get("newest", (0.0, None))
    if found is None or time.monotonic() - measured_at > _FRESH_S:
        batches = [await asyncio.to_thread(_start_once) for _ in range(_STARTS)]
        spread = max(batches) / min(batches)
        found = Calibration(what="one start of Python", seconds=statistics.median(batches), spread=spread)
        _starts["newest"] = (time.monotonic(), found)
    return found


class Cores(msgspec.Struct, frozen=True, kw_only=True):
    """Lines a second that plain Python loops decode: one alone, and two in two processes at the same time, together."""

    alone: float
    together: float

    @property
    def ratio(self) -> float:
        """How much more two do than one; 2 where each has a core to itself."""
        return self.together / self.alone

    def __str__(self) -> str:
        return (
            f"plain Python loops on this machine: one decodes {self.alone:,.0f} lines a second, two together"
            f" {self.together:,.0f}, {self.ratio:.2f} times as many"
        )


class HttpBaseline(msgspec.Struct, frozen=True, kw_only=True):
    """What the plainest HTTP server in Python, which answers everything with two bytes, does under the same load."""

    loaded: HttpLoaded

    def __str__(self) -> str:
        found, latencies = self.loaded, self.loaded.latencies
        return (
            f"the plainest HTTP server in Python on this machine: {found.answers_per_s:,.0f} answers a second,"
            f" half of them within {latencies.percentile_ms(50):.3g} ms, 99 % within {latencies.percentile_ms(99):.3g} ms"
        )


async def calibrate_http(plan: HttpPlan | None = None) -> HttpBaseline:
    """How fast this machine answers HTTP under a load like this, here and now; without a plan, as fast as it can for a second.

    Only the number of requests and when they come is taken from the plan, not what they ask for. Measured at most once a minute for each.
    """
    asked = msgspec.structs.replace(plan or _FASTEST, requests=(_PLAIN,))
    measured_at, found = _https.get(asked, (0.0, None))
    if found is None or time.monotonic() - measured_at > _FRESH_S:
        seconds = asked.seconds + asked.patience_s + _AROUND_S
        async with baseline() as address, HttpLoad(address, asked, opened_at=time.monotonic()) as load:
            loaded = await load.finished(timeout_s=seconds)
        if loaded is None or not loaded.answered:
            raise RuntimeError(f"the baseline server did not answer within {seconds:g} s")
        found = HttpBaseline(loaded=loaded)
        _https[asked] = (time.monotonic(), found)
    return found


_PLAIN = HttpRequest(data=b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", name="plain")
_FASTEST = HttpPlan(requests=(_PLAIN,), seconds=1.0)
_AROUND_S = 30.0  # for starting and ending
_https: dict[HttpPlan, tuple[float, HttpBaseline]] = {}


async def calibrate_decoding(line: bytes) -> Calibration:
    """What one line of JSON costs a plain loop in Python that decodes it and adds it to a total, here and now."""
    batches = [1 / (await _decoded(line, 1)) for _ in range(_BATCHES)]
    return Calibration(
        what="one line of JSON for a plain loop in Python",
        seconds=statistics.median(batches),
        spread=max(batches) / min(batches),
    )


async def calibrate_cores(line: bytes) -> Cores:
    """Whether this machine has a core to spare right now: one loop, and two at the same time, in turns."""
    alone, together = [], []
    for _ in range(_TURNS):
        alone.append(await _decoded(line, 1))
        together.append(await _decoded(line, 2))
    return Cores(alone=statistics.median(alone), together=statistics.median(together))


async def _decoded(line: bytes, processes: int) -> float:
    """Lines a second of this many processes together."""
    counts = await asyncio.gather(*(_one_loop(line, time.time() + _MEET_S) for _ in range(processes)))
    return sum(counts)


async def _one_loop(line: bytes, at: float) -> float:
    """A loop in a process of its own; several begin at the same time of day."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", "-c", _LOOP, repr(at), str(_LOOP_S)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate(line)
    return float(output)


_LOOP = """
import json, sys, time
line, at, seconds = sys.stdin.buffer.read(), float(sys.argv[1]), float(sys.argv[2])
totals = {}
time.sleep(max(at - time.time(), 0))
started = time.perf_counter()
count = 0
while time.perf_counter() - started < seconds:
    for _ in range(500):
        reading = json.loads(line)
        total = totals.get("sum", 0.0)
        for value in reading.values():
            if type(value) is float:
                total += value
        totals["sum"] = total
    count += 500
print(count / (time.perf_counter() - started))
"""

_starts: dict[str, tuple[float, Calibration]] = {}


def _start_once() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-I", "-S", "-c", ""], check=True)
    return time.perf_counter() - started
