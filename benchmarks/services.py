"""Our services against nginx, FastAPI and Starlette on uvicorn: ``python benchmarks/services.py [--quick] [--json]``.

The server has one core; the client, the database and the cache have another, where there are two. Sides take turns, ratios are taken
within a round. Processor time an answer is that of the server alone: its inverse is what the core could answer if all else were quick.

``redirect``: following one of a hundred links, in the cache, each click counted; nginx answers a fixed 302, which is the limit.
``create``: POST /v1/links with a token of one of 64 people, and a row. Both also at half of what the side could do, open loop: p99.
``login``: argon2id (19 MiB, 2 passes) as fast as it goes, and how long a cheap request waits meanwhile (GET /v1/users/me, 50 a second).
``idle``: connections that asked once, and what they cost. ``restart``: two instances of ours are restarted one after the other under load.

The others keep no metrics, and count clicks in the cache, where ours moves them into the database; ours answers from its own memory, and
promises for how long that may be stale.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import resource
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

import asyncpg
import msgspec
import race
from services_sides.asking import LINKS, logged_in, make_links, request, written
from services_sides.restart import rolling_restart
from services_sides.results import Turn, print_race, spread
from services_sides.servers import ADMIN, SIDES, TARGET, Given, NoServerError, Served, served
from services_sides.tokens import ISSUER, Tokens

from climb.judge.load import HttpLoad, HttpLoaded, HttpPlan, HttpRequest
from climb.stack import local

WORKS = ("redirect", "create", "login", "idle", "restart")
LOGINS_AT_ONCE = 8
CHEAP_PER_S = 50.0
CORES = sorted(os.sched_getaffinity(0))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for and print what came out."""
    options = _options(arguments)
    out = sys.stderr if options.json else sys.stdout
    print(race.machine(), file=out, flush=True)
    os.sched_setaffinity(0, {CORES[-1]})  # and all that is started here, but for the sides
    told: dict[str, Any] = {"machine": race.machine(), "skipped": []}
    with (
        tempfile.TemporaryDirectory(prefix="climb-bench-") as name,
        local.database() as database,
        local.cache() as cache,
    ):
        bench = Bench(options, out, Path(name), database, cache, told)
        for work in options.works:
            getattr(bench, work)()
    if options.json:
        print(json.dumps(told, indent=2))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="turns of each side (default: 7)")
    parser.add_argument("--seconds", type=float, default=3.0, help="of a turn (default: 3)")
    parser.add_argument("--connections", type=int, default=64, help="of the client (default: 64)")
    parser.add_argument("--works", default=",".join(WORKS), help=f"some of {', '.join(WORKS)}, with commas between")
    parser.add_argument("--sides", default=",".join(SIDES), help=f"some of {', '.join(SIDES)}, with commas between")
    parser.add_argument("--idle", type=int, default=10_000, metavar="N", help="idle connections (default: 10000)")
    parser.add_argument("--quick", action="store_true", help="three rounds of a second")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    options = parser.parse_args(arguments)
    options.works, options.sides = options.works.split(","), options.sides.split(",")
    for given, known in ((options.works, WORKS), (options.sides, SIDES)):
        if unknown := [each for each in given if each not in known]:
            parser.error(f"{unknown[0]} is none of {', '.join(known)}")
    if options.quick:
        options.rounds, options.seconds, options.idle = min(options.rounds, 3), 1.0, min(options.idle, 1000)
    return options


class Bench:
    """The works, one after the other, each with sides of its own."""

    def __init__(
        self, options: argparse.Namespace, out: TextIO, folder: Path, database: str, cache: str, told: dict[str, Any]
    ) -> None:
        self._options, self._out, self._folder, self._told = options, out, folder, told
        self._database, self._cache = database, cache
        self._tokens = Tokens()
        self._count = 0

    # --- the works ----------------------------------------------------------------------------------------------------

    def redirect(self) -> None:
        """Follow links."""
        requests = tuple(request("GET", f"/{code}", name="follow") for code in LINKS)
        with self._links() as sides:
            self._race("redirect", sides, requests, 302)

    def create(self) -> None:
        """Make links."""
        body = json.dumps({"url": TARGET}).encode()
        requests = tuple(request("POST", "/v1/links", body, token, name="make") for token in self._tokens.each)
        with self._links(without=("nginx",)) as sides:
            self._race("create", sides, requests, 201)

    def login(self) -> None:
        """Log in, and ask for something cheap meanwhile."""
        more = {"ADMIN_EMAIL": ADMIN[0], "ADMIN_PASSWORD": ADMIN[1], "MAIL_URL": "http://127.0.0.1:1/"}
        body = json.dumps({"email": ADMIN[0], "password": ADMIN[1]}).encode()
        hard = request("POST", "/v1/sessions", body, name="login")
        turns: dict[str, list[dict[str, float]]] = {}
        with self._started("identity", more, ("nginx",)) as sides:
            cheap = {side.name: request("GET", "/v1/users/me", token=logged_in(side.port), name="me") for side in sides}
            for number in range(self._options.rounds + 1):
                for side in sides:
                    turn = asyncio.run(self._logins(side, hard, cheap[side.name]))
                    self._say(f"login, round {number or 'to warm up'}: {side.name}: {turn}")
                    if number:
                        turns.setdefault(side.name, []).append(turn)
        self._told["login"] = turns
        print("\nlogin", file=self._out)
        for name, played in turns.items():
            of = {key: spread([turn[key] for turn in played]) for key in played[0]}
            line = f"{of['logins_per_s']} logins/s; a cheap request: p99 {of['alone_p99_ms']} ms alone, {of['beside_p99_ms']} ms beside"
            print(f"  {name:10} {line}", file=self._out, flush=True)

    def idle(self) -> None:
        """Let connections be there."""
        count = self._options.idle
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        print(f"\n{count:,} idle connections", file=self._out)
        with self._links() as sides:
            self._told["idle"] = {}
            for side in sides:
                before, after = side.memory_mib(), _with_idle(side, count)
                self._told["idle"][side.name] = (before, after)
                each = (after - before) * 1024 / count
                line = f"{before:6.1f} MiB alone, {after:6.1f} MiB with them: {each:5.2f} KiB each"
                print(f"  {side.name:10} {line}", file=self._out, flush=True)

    def restart(self) -> None:
        """Restart two instances, one after the other, under load."""
        if "ours" not in self._options.sides:
            return
        with self._tokens.served() as jwks, contextlib.ExitStack() as stack:
            given = self._given({"JWKS_URL": jwks})
            both = [stack.enter_context(self._served("ours", "links", given)) for _ in range(2)]
            make_links(both[0].port, self._tokens.each[0])
            came = asyncio.run(rolling_restart(both, [f"/{code}" for code in LINKS]))
        self._told["restart"] = asdict(came)
        print(f"\nrolling restart of two instances\n  {came.told()}", file=self._out, flush=True)

    # --- what they share ----------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _links(self, without: Sequence[str] = ()) -> Iterator[list[Served]]:
        with self._tokens.served() as jwks, self._started("links", {"JWKS_URL": jwks}, without) as sides:
            for side in sides:
                if side.name != "nginx":
                    make_links(side.port, self._tokens.each[0])
            yield sides

    @contextlib.contextmanager
    def _started(self, service: str, more: dict[str, str], without: Sequence[str]) -> Iterator[list[Served]]:
        with contextlib.ExitStack() as stack:
            sides = []
            for name in SIDES:
                if name in self._options.sides and name not in without:
                    try:
                        given = self._given(more)
                        sides.append(stack.enter_context(self._served(name, service, given)))
                    except NoServerError as error:
                        self._told["skipped"].append(f"{name}: {error}")
                        print(f"skipped: {name}: {error}", file=self._out, flush=True)
            yield sides

    def _served(self, name: str, service: str, given: Given) -> contextlib.AbstractContextManager[Served]:
        self._count += 1
        return served(name, service, given, self._folder / str(self._count), CORES[0])

    def _given(self, more: dict[str, str]) -> Given:
        """A new database and another number of the cache."""
        self._count += 1
        database = f"bench_{os.getpid()}_{self._count}"
        asyncio.run(_make_database(self._database, database))
        base, cache = self._database.rpartition("/")[0], self._cache.rpartition("/")[0]
        return Given(f"{base}/{database}", f"{cache}/{self._count % 16}", ISSUER, more)

    def _race(self, work: str, sides: Sequence[Served], requests: tuple[HttpRequest, ...], status: int) -> None:
        turns: dict[str, list[Turn]] = {side.name: [] for side in sides}
        plan = HttpPlan(requests=requests, seconds=self._options.seconds, connections=self._options.connections)
        for number in range(self._options.rounds + 1):
            for side in sides:
                turn = self._turn(side, plan, status)
                self._say(f"{work}, round {number or 'to warm up'}: {side.name}: {turn}")
                if number:
                    turns[side.name].append(turn)
        calm: dict[str, list[Turn]] = {side.name: [] for side in sides}
        for number in range(self._options.rounds):
            for side in sides:
                rate = statistics.median(turn.answers_per_s for turn in turns[side.name]) / 2
                turn = self._turn(side, _at_rate(plan, rate, number), status)
                self._say(f"{work} at half of that, round {number + 1}: {side.name}: {turn}")
                calm[side.name].append(turn)
        memory = {side.name: side.memory_mib() for side in sides}
        self._told[work] = {
            "as fast as it goes": {name: [asdict(turn) for turn in played] for name, played in turns.items()},
            "at half of that": {name: [asdict(turn) for turn in played] for name, played in calm.items()},
            "memory_mib": memory,
        }
        print_race(work, turns, calm, memory, self._out)

    def _turn(self, side: Served, plan: HttpPlan, status: int) -> Turn:
        before = side.cpu_s()
        loaded = asyncio.run(_loaded(side.port, plan))
        _demand(side.name, loaded, status)
        good = loaded.by_status[status]
        percentile = loaded.latencies.percentile_ms
        cpu_us = (side.cpu_s() - before) / good * 1e6
        return Turn(good / loaded.seconds, cpu_us, percentile(50), percentile(99), loaded.answered - good)

    async def _logins(self, side: Served, hard: HttpRequest, cheap: HttpRequest) -> dict[str, float]:
        seconds = self._options.seconds
        calm = HttpPlan(requests=(cheap,), seconds=seconds, rate_per_s=CHEAP_PER_S, connections=16)
        alone = await _loaded(side.port, calm)
        crowd = _loaded(side.port, HttpPlan(requests=(hard,), seconds=seconds, connections=LOGINS_AT_ONCE))
        logins, beside = await asyncio.gather(crowd, _loaded(side.port, calm))
        for loaded in (alone, logins, beside):
            _demand(side.name, loaded, 200)
        return {
            "logins_per_s": logins.answers_per_s,
            "alone_p99_ms": alone.latencies.percentile_ms(99),
            "beside_p99_ms": beside.latencies.percentile_ms(99),
        }

    def _say(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)


def _with_idle(side: Served, count: int) -> float:
    """The server's memory with so many connections that have asked once."""
    sent = written("GET", f"/{LINKS[0]}", b"", "")
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", side.port)))
            sock.sendall(sent)
            if not sock.recv(4096).startswith(b"HTTP/1.1 302"):
                raise race.WrongAnswerError(f"{side.name} does not answer")
        return side.memory_mib()


async def _make_database(server: str, name: str) -> None:
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()


async def _loaded(port: int, plan: HttpPlan) -> HttpLoaded:
    async with HttpLoad(("127.0.0.1", port), plan, opened_at=time.monotonic()) as load:
        loaded = await load.finished(timeout_s=plan.seconds + plan.patience_s + 10)
    if loaded is None:
        raise race.WrongAnswerError("the load did not come to its end")
    return loaded


def _demand(name: str, loaded: HttpLoaded, status: int) -> None:
    """Each request has that answer; a service that is asked too much may say so."""
    good = loaded.by_status.get(status, 0)
    if loaded.answered != loaded.sent or not good or good + loaded.by_status.get(503, 0) != loaded.sent:
        raise race.WrongAnswerError(f"{name}: of {loaded.sent} requests {loaded.by_status}, {loaded.errors}")


def _at_rate(plan: HttpPlan, rate: float, seed: int) -> HttpPlan:
    """The same at a rate."""
    return msgspec.structs.replace(plan, rate_per_s=rate, seed=seed)


if __name__ == "__main__":
    sys.exit(main())
