"""The judge's HTTP load against wrk, and how punctual it is: ``python benchmarks/judge_load.py [--quick] [--json]``.

Both ask the same server, the judge's baseline on uvloop or one of yours (``--address``), over as many connections, as fast as it answers, in
turns; ratios are taken within a round. The server has a core and the client another, where there are two. A client that is faster than the
server is limited by it, so the processor time of a request says more than the rate: its inverse is what one core could drive.

Then the judge's load alone, at rates: how late requests left, and what that adds to latencies.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import resource
import shutil
import statistics
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TextIO

import race

from climb.judge.load import Arrivals, HttpLoad, HttpLoaded, HttpPlan, HttpRequest
from climb.judge.load.baseline import baseline

RATES = (1_000, 10_000, 30_000)
Address = tuple[str, int]


@dataclass(frozen=True)
class Turn:
    """One turn of a client."""

    answers_per_s: float
    cpu_us: float  # of the client, a request

    @property
    def a_core(self) -> float:
        """Requests a second that one core could drive."""
        return 1e6 / self.cpu_us


@dataclass(frozen=True)
class Punctual:
    """One run at a rate; times in milliseconds."""

    asked: float
    answers_per_s: float
    cpu_us: float
    late_p50: float
    late_p99: float
    late_max: float
    late_sends: int
    sent: int
    p50: float
    p99: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for and print what came out."""
    options = _options(arguments)
    out = sys.stderr if options.json else sys.stdout
    print(race.machine(), file=out, flush=True)
    told = asyncio.run(_measured(options, out))
    if options.json:
        print(json.dumps({"machine": race.machine()} | told, indent=2))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="turns of both (default: 7)")
    parser.add_argument("--seconds", type=float, default=3.0, help="of a turn (default: 3)")
    parser.add_argument("--connections", type=int, default=64, help="of each client (default: 64)")
    parser.add_argument("--address", help="HOST:PORT of another server, which answers GET /healthz")
    parser.add_argument("--wrk", default=shutil.which("wrk"), help="the program wrk, if it is not in the path")
    parser.add_argument("--quick", action="store_true", help="three rounds of a second")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    options = parser.parse_args(arguments)
    if options.quick:
        options.rounds, options.seconds = min(options.rounds, 3), min(options.seconds, 1.0)
    return options


async def _measured(options: argparse.Namespace, out: TextIO) -> dict[str, Any]:
    async with _server(options.address) as address:
        ours, theirs = await _rounds(options, address)
        _print_rounds(ours, theirs, out)
        punctual = [await _punctual(options, address, rate) for rate in RATES]
        _print_punctual(punctual, out)
    turns = {"ours": [asdict(turn) for turn in ours], "wrk": [asdict(turn) for turn in theirs]}
    return turns | {"at_rates": [asdict(each) for each in punctual]}


@contextlib.asynccontextmanager
async def _server(address: str | None) -> AsyncIterator[Address]:
    if address is not None:
        host, _, port = address.rpartition(":")
        yield host, int(port)
        return
    async with contextlib.AsyncExitStack() as stack:
        with _on_core(0):
            found = await stack.enter_async_context(baseline("uvloop"))
        yield found


@contextlib.contextmanager
def _on_core(number: int) -> Iterator[None]:
    """What is started inside runs on this core, where there are enough and the system lets us choose."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    cores = sorted(before)
    os.sched_setaffinity(0, {cores[min(number, len(cores) - 1)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


# --- in turns ---------------------------------------------------------------------------------------------------------


async def _rounds(options: argparse.Namespace, address: Address) -> tuple[list[Turn], list[Turn]]:
    ours, theirs = [], []
    await _ours(options, address)  # warms up
    for _ in range(options.rounds):
        ours.append(await _ours(options, address))
        if options.wrk:
            theirs.append(await _wrk(options, address))
    return ours, theirs


async def _ours(options: argparse.Namespace, address: Address) -> Turn:
    loaded = await _loaded(address, _plan(options, None))
    return Turn(loaded.answers_per_s, loaded.cpu_s / loaded.answered * 1e6)


def _plan(options: argparse.Namespace, rate: float | None) -> HttpPlan:
    request = HttpRequest(data=b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", name="healthz")
    return HttpPlan(
        requests=(request,),
        seconds=options.seconds,
        rate_per_s=rate,
        connections=options.connections,
        arrivals=Arrivals.POISSON,
    )


async def _loaded(address: Address, plan: HttpPlan) -> HttpLoaded:
    with _on_core(1):
        load = await HttpLoad(address, plan, opened_at=time.monotonic()).__aenter__()
    try:
        loaded = await load.finished(timeout_s=plan.seconds + plan.patience_s + 10)
    finally:
        await load.__aexit__()
    if loaded is None or loaded.answered != loaded.sent:
        raise race.WrongAnswerError(f"not every request was answered: {loaded}")
    return loaded


async def _wrk(options: argparse.Namespace, address: Address) -> Turn:
    """Its processor time is what the children of this process have used since before it."""
    before = _children_s()
    with _on_core(1):
        process = await asyncio.create_subprocess_exec(
            *(options.wrk, "-t1", f"-c{options.connections}", f"-d{max(round(options.seconds), 1)}s"),
            f"http://{address[0]}:{address[1]}/healthz",
            stdout=asyncio.subprocess.PIPE,
        )
    said = (await process.communicate())[0].decode()
    found = re.search(r"(\d+) requests in ([\d.]+)(m?s)", said)
    if found is None or "Non-2xx" in said or "Socket errors" in said:
        raise race.WrongAnswerError(f"wrk said:\n{said}")
    requests = int(found[1])
    seconds = float(found[2]) / (1000 if found[3] == "ms" else 1)
    return Turn(requests / seconds, (_children_s() - before) / requests * 1e6)


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _print_rounds(ours: list[Turn], theirs: list[Turn], out: TextIO) -> None:
    print("\nas fast as the server answers", file=out)
    for name, turns in (("ours", ours), ("wrk", theirs)):
        if turns:
            rate, cpu = (
                statistics.median(each) for each in zip(*((t.answers_per_s, t.cpu_us) for t in turns), strict=True)
            )
            line = f"{rate:9,.0f} answers/s   {cpu:5.1f} µs of processor each, {1e6 / cpu:9,.0f} a core"
            print(f"  {name:5} {line}   ({_range([t.answers_per_s for t in turns])} answers/s)", file=out)
    if theirs:
        pairs = list(zip(ours, theirs, strict=True))
        rates, cores = [o.answers_per_s / t.answers_per_s for o, t in pairs], [o.a_core / t.a_core for o, t in pairs]
        print(f"  ours / wrk   answers/s {_spread(rates)}   a core {_spread(cores)}", file=out)
    else:
        print("  wrk is not installed: nothing to compare with", file=out)


def _range(values: list[float]) -> str:
    return f"{min(values):,.0f} to {max(values):,.0f}"


def _spread(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}, {len(ratios)} pairs)"


# --- at a rate --------------------------------------------------------------------------------------------------------


async def _punctual(options: argparse.Namespace, address: Address, rate: float) -> Punctual:
    loaded = await _loaded(address, _plan(options, rate))
    late, took = loaded.lateness, loaded.latencies
    return Punctual(
        asked=rate,
        answers_per_s=loaded.answers_per_s,
        cpu_us=loaded.cpu_s / loaded.sent * 1e6,
        late_p50=late.percentile_ms(50),
        late_p99=late.percentile_ms(99),
        late_max=late.max_ms,
        late_sends=loaded.late_sends,
        sent=loaded.sent,
        p50=took.percentile_ms(50),
        p99=took.percentile_ms(99),
    )


def _print_punctual(runs: list[Punctual], out: TextIO) -> None:
    print("\nat a rate (Poisson arrivals): how late requests left, and their latencies, in ms", file=out)
    for each in runs:
        late = f"late p50 {each.late_p50:.3f}  p99 {each.late_p99:.3f}  max {each.late_max:.2f}"
        more = f"{each.late_sends} of {each.sent:,} by more than 1"
        took = f"latency p50 {each.p50:.3f}  p99 {each.p99:.3f}"
        print(f"  {each.asked:7,.0f}/s   {late}  ({more})   {took}   {each.cpu_us:4.1f} µs each", file=out)


if __name__ == "__main__":
    raise SystemExit(main())
