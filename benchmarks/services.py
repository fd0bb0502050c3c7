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
import http.client
import json
import os
import resource
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, TextIO

import asyncpg
import msgspec
import race
from services_sides.restart import rolling_restart
from services_sides.servers import ADMIN, SIDES, TARGET, Given, NoServerError, Served, served

from climb.judge.load import HttpLoad, HttpLoaded, HttpPlan, HttpRequest
from climb.stack import local
from climb.stack.tokens.claims import FIRST_PARTY, Claims
from climb.stack.tokens.keys import SigningKey
from climb.stack.tokens.signing import signed

WORKS = ("redirect", "create", "login", "idle", "restart")
ISSUER = "http://127.0.0.1:1"
LINKS = tuple(f"link{number:03}" for number in range(100))
PEOPLE = 64
LOGINS_AT_ONCE = 8
CHEAP_PER_S = 50.0
CORES = sorted(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Turn:
    """What one side did in one turn."""

    answers_per_s: float
    cpu_us: float  # of the server, an answer
    p50_ms: float
    p99_ms: float
    refused: int  # answered with 503, and not among the answers


class Tokens:
    """An issuer: its key set, which is served while the block lasts, and the tokens of some people."""

    def __init__(self) -> None:
        self._key = SigningKey.new("bench")
        self.each = [self._signed(f"person-{number}") for number in range(PEOPLE)]

    def _signed(self, sub: str) -> str:
        now = int(time.time())
        claims = Claims(
            iss=ISSUER, sub=sub, aud=ISSUER, iat=now, exp=now + 86_400, jti=os.urandom(12).hex(),
            client_id=FIRST_PARTY, roles=["user"],
        )  # fmt: skip
        return signed(claims, self._key)

    @contextlib.contextmanager
    def served(self) -> Iterator[str]:
        """The address of the key set."""
        content = json.dumps({"keys": [self._key.jwk()]}).encode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = HTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/jwks.json"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


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
        requests = tuple(_request("GET", f"/{code}", name="follow") for code in LINKS)
        with self._links() as sides:
            self._race("redirect", sides, requests, 302)

    def create(self) -> None:
        """Make links."""
        body = json.dumps({"url": TARGET}).encode()
        requests = tuple(_request("POST", "/v1/links", body, token, name="make") for token in self._tokens.each)
        with self._links(without=("nginx",)) as sides:
            self._race("create", sides, requests, 201)

    def login(self) -> None:
        """Log in, and ask for something cheap meanwhile."""
        more = {"ADMIN_EMAIL": ADMIN[0], "ADMIN_PASSWORD": ADMIN[1], "MAIL_URL": "http://127.0.0.1:1/"}
        body = json.dumps({"email": ADMIN[0], "password": ADMIN[1]}).encode()
        hard = _request("POST", "/v1/sessions", body, name="login")
        turns: dict[str, list[dict[str, float]]] = {}
        with self._started("identity", more, ("nginx",)) as sides:
            cheap = {
                side.name: _request("GET", "/v1/users/me", token=_logged_in(side.port), name="me") for side in sides
            }
            for number in range(self._options.rounds + 1):
                for side in sides:
                    turn = asyncio.run(self._logins(side, hard, cheap[side.name]))
                    self._say(f"login, round {number or 'to warm up'}: {side.name}: {turn}")
                    if number:
                        turns.setdefault(side.name, []).append(turn)
        self._told["login"] = turns
        print("\nlogin", file=self._out)
        for name, played in turns.items():
            of = {key: _spread([turn[key] for turn in played]) for key in played[0]}
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
            _make_links(both[0].port, self._tokens.each[0])
            came = asyncio.run(rolling_restart(both, [f"/{code}" for code in LINKS]))
        self._told["restart"] = asdict(came)
        print(f"\nrolling restart of two instances\n  {came.told()}", file=self._out, flush=True)

    # --- what they share ----------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _links(self, without: Sequence[str] = ()) -> Iterator[list[Served]]:
        with self._tokens.served() as jwks, self._started("links", {"JWKS_URL": jwks}, without) as sides:
            for side in sides:
                if side.name != "nginx":
                    _make_links(side.port, self._tokens.each[0])
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
        _print(work, turns, calm, memory, self._out)

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


# --- single requests --------------------------------------------------------------------------------------------------


def _request(method: str, path: str, body: bytes = b"", token: str = "", *, name: str) -> HttpRequest:
    return HttpRequest(data=_written(method, path, body, token), name=name, method=method)


def _written(method: str, path: str, body: bytes, token: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _asked(port: int, method: str, path: str, given: object, token: str, status: int) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    fields = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    with contextlib.closing(connection):
        connection.request(method, path, json.dumps(given), fields)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != status:
            raise race.WrongAnswerError(f"{method} {path}: {answer.status} {content[:300]!r}")
        return json.loads(content)


def _make_links(port: int, token: str) -> None:
    for code in LINKS:
        _asked(port, "POST", "/v1/links", {"url": TARGET, "code": code}, token, 201)


def _logged_in(port: int) -> str:
    given = {"email": ADMIN[0], "password": ADMIN[1]}
    return str(_asked(port, "POST", "/v1/sessions", given, "", 200)["access_token"])


def _with_idle(side: Served, count: int) -> float:
    """The server's memory with so many connections that have asked once."""
    request = _written("GET", f"/{LINKS[0]}", b"", "")
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", side.port)))
            sock.sendall(request)
            if not sock.recv(4096).startswith(b"HTTP/1.1 302"):
                raise race.WrongAnswerError(f"{side.name} does not answer")
        return side.memory_mib()


# --- what is told -----------------------------------------------------------------------------------------------------


def _print(
    work: str, turns: dict[str, list[Turn]], calm: dict[str, list[Turn]], memory: dict[str, float], out: TextIO
) -> None:
    print(f"\n{work}", file=out)
    for name, played in turns.items():
        rates, costs = [turn.answers_per_s for turn in played], [turn.cpu_us for turn in played]
        line = f"{statistics.median(rates):9,.0f} answers/s ({min(rates):,.0f} to {max(rates):,.0f})"
        half = statistics.median(turn.p99_ms for turn in calm[name])
        rest = f"p99 at half of that {half:6.2f} ms   {memory[name]:6.1f} MiB"
        if refused := sum(turn.refused for turn in (*played, *calm[name])):
            rest += f"   {refused} refused (503)"
        print(f"  {name:10} {line}   {statistics.median(costs):6.1f} µs of processor each   {rest}", file=out)
    ours = turns.get("ours", [])
    for name, played in turns.items():
        if ours and name != "ours":
            pairs = list(zip(ours, played, strict=True))
            rates = _spread([mine.answers_per_s / theirs.answers_per_s for mine, theirs in pairs])
            cores = _spread([theirs.cpu_us / mine.cpu_us for mine, theirs in pairs])
            print(f"  ours / {name:10} answers/s {rates}   a core {cores}", file=out)
    out.flush()


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


if __name__ == "__main__":
    sys.exit(main())
