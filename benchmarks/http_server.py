"""Our HTTP server against nginx, Starlette on uvicorn, and http.server: ``python benchmarks/http_server.py [--quick] [--json]``.

Each side has one core, the client another, where there are two. They take turns; ratios are taken within a round. A client that can't
ask faster limits all sides alike, and neighbours disturb rates, so the processor time that an answer costs the server says more: its
inverse is what the core could answer. The client is wrk if that is there, else the judge's own load.

``--idle N`` opens so many connections that ask once and then do nothing, and tells what each costs the server in memory.
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
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

import race
from http_sides.servers import SIDES, NoServerError, Running, running

WORKS = {"fixed": "healthz", "4 KiB file": "files/small", "1 MiB file": "files/large"}
SIZES = {"small": 4 << 10, "large": 1 << 20}


@dataclass(frozen=True)
class Turn:
    """What one side did in one turn."""

    answers_per_s: float
    cpu_us: float  # of the server, an answer


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for and print what came out."""
    options = _options(arguments)
    out = sys.stderr if options.json else sys.stdout
    print(f"{race.machine()}, client: {options.wrk or 'the load of the judge'}", file=out, flush=True)
    told: dict[str, Any] = {"machine": race.machine(), "skipped": []}
    with tempfile.TemporaryDirectory(prefix="climb-bench-") as name, contextlib.ExitStack() as stack:
        root = Path(name) / "root"
        root.mkdir()
        for each, size in SIZES.items():
            (root / each).write_bytes(os.urandom(size))
        sides = _start(options, root, Path(name), stack, told["skipped"])
        for line in told["skipped"]:
            print(f"skipped: {line}", file=out)
        works = {work: _race(options, sides, work) for work in WORKS if work.split()[0] in options.works}
        for work, turns in works.items():
            _print(work, turns, out)
        told["works"] = {work: {s: [asdict(t) for t in ts] for s, ts in turns.items()} for work, turns in works.items()}
        if options.idle:
            told["idle"] = {side.name: _idle(side, options.idle) for side in sides if side.name != "http.server"}
            for side, (before, after) in told["idle"].items():
                each = (after - before) * 1024 / options.idle
                line = f"{before:6.1f} MiB alone, {after:6.1f} MiB with {options.idle:,} idle connections"
                print(f"  {side:20} {line}: {each:5.2f} KiB each", file=out)
    if options.json:
        print(json.dumps(told, indent=2))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="turns of each side (default: 7; 0 for none)")
    parser.add_argument("--seconds", type=int, default=3, help="of a turn (default: 3)")
    parser.add_argument("--connections", type=int, default=64, help="of the client (default: 64)")
    parser.add_argument("--works", default="fixed,4,1", help="fixed, 4 (KiB file), 1 (MiB file)")
    parser.add_argument("--sides", help="only these, with commas between")
    parser.add_argument("--idle", type=int, default=0, metavar="N", help="also so many idle connections")
    parser.add_argument("--wrk", default=shutil.which("wrk"), help="the program wrk, if it is not in the path")
    parser.add_argument("--quick", action="store_true", help="three rounds of a second")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    options = parser.parse_args(arguments)
    options.works = options.works.split(",") if options.rounds else []
    if options.quick:
        options.rounds, options.seconds = min(options.rounds, 3), 1
    return options


def _start(
    options: argparse.Namespace, root: Path, folder: Path, stack: contextlib.ExitStack, skipped: list[str]
) -> list[Running]:
    wanted = options.sides.split(",") if options.sides else [side.name for side in SIDES]
    found = []
    for number, side in enumerate(SIDES):
        if side.name in wanted:
            try:
                found.append(stack.enter_context(running(side, root, folder / str(number), _core(0))))
            except NoServerError as error:
                skipped.append(f"{side.name}: {error}")
    return found


def _core(number: int) -> int:
    cores = sorted(os.sched_getaffinity(0))
    return cores[min(number, len(cores) - 1)]


# --- in turns --------------------------------------------------------------------------------------------------------


def _race(options: argparse.Namespace, sides: Sequence[Running], work: str) -> dict[str, list[Turn]]:
    turns: dict[str, list[Turn]] = {side.name: [] for side in sides}
    for number in range(options.rounds + 1):
        for side in sides:
            turn = _turn(options, side, WORKS[work])
            if number:  # the first is to warm up
                turns[side.name].append(turn)
            line = f"{side.name}: {turn.answers_per_s:,.0f} answers/s, {turn.cpu_us:.1f} µs each"
            print(f"{work}, round {number or 'to warm up'}: {line}", file=sys.stderr, flush=True)
    return turns


def _turn(options: argparse.Namespace, side: Running, target: str) -> Turn:
    before = side.cpu_s()
    asked = _wrk if options.wrk else _judge
    answers, seconds = asked(options, side.port, target)
    return Turn(answers / seconds, (side.cpu_s() - before) / answers * 1e6)


def _wrk(options: argparse.Namespace, port: int, target: str) -> tuple[int, float]:
    command = [
        options.wrk,
        "-t1",
        f"-c{options.connections}",
        f"-d{options.seconds}s",
        f"http://127.0.0.1:{port}/{target}",
    ]
    said = subprocess.run(["taskset", "-c", str(_core(1)), *command], capture_output=True, text=True, check=True).stdout
    found = re.search(r"(\d+) requests in ([\d.]+)(m?s)", said)
    if found is None or "Non-2xx" in said or "Socket errors" in said:
        raise race.WrongAnswerError(f"wrk said:\n{said}")
    return int(found[1]), float(found[2]) / (1000 if found[3] == "ms" else 1)


def _judge(options: argparse.Namespace, port: int, target: str) -> tuple[int, float]:
    from climb.judge.load import HttpLoad, HttpPlan, HttpRequest

    data = f"GET /{target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    plan = HttpPlan(
        requests=(HttpRequest(data=data, name=target),), seconds=options.seconds, connections=options.connections
    )

    async def play() -> tuple[int, float]:
        load = await HttpLoad(("127.0.0.1", port), plan, opened_at=time.monotonic()).__aenter__()
        try:
            loaded = await load.finished(timeout_s=plan.seconds + plan.patience_s + 10)
        finally:
            await load.__aexit__()
        if loaded is None or loaded.answered != loaded.sent or set(loaded.by_status) != {200}:
            raise race.WrongAnswerError(f"not every request was answered with 200: {loaded}")
        return loaded.answered, loaded.answered / loaded.answers_per_s

    return asyncio.run(play())


def _print(work: str, turns: dict[str, list[Turn]], out: TextIO) -> None:
    print(f"\n{work}", file=out)
    for name, played in turns.items():
        rates, costs = [turn.answers_per_s for turn in played], [turn.cpu_us for turn in played]
        line = f"{statistics.median(rates):9,.0f} answers/s ({min(rates):,.0f} to {max(rates):,.0f})"
        print(f"  {name:20} {line}   {statistics.median(costs):6.1f} µs of processor each", file=out)
    ours = turns.get("ours", [])
    for name, played in turns.items():
        if ours and name != "ours":
            pairs = list(zip(ours, played, strict=True))
            rates = _spread([mine.answers_per_s / theirs.answers_per_s for mine, theirs in pairs])
            cores = _spread([theirs.cpu_us / mine.cpu_us for mine, theirs in pairs])
            print(f"  ours / {name:20} answers/s {rates}   a core {cores}", file=out)


def _spread(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


# --- idle connections ------------------------------------------------------------------------------------------------


def _idle(side: Running, count: int) -> tuple[float, float]:
    """Return the server's memory in MiB before and with so many connections that have asked once."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    before = side.memory_mib()
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", side.port)))
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            if not sock.recv(4096).startswith(b"HTTP/1.1 200"):
                raise race.WrongAnswerError(f"{side.name} does not answer")
        return before, side.memory_mib()


if __name__ == "__main__":
    sys.exit(main())
