"""Many logins at once, those who come meanwhile for something else, and what the service uses."""

from __future__ import annotations

import asyncio
import contextlib
import re
import resource
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from climb.judge.drivers.connection import ConnectionLost, TimedOut
from climb.judge.drivers.http1 import request
from climb.judge.drivers.life import ADDRESS
from climb.judge.evidence import Table
from climb.judge.expect import CannotTell
from climb.judge.load import HttpPlan
from climb.judge.load.http import HttpRequest
from climb.judge.world.ports import room_above
from climb.projects.identity.stages.told import told_with
from climb.projects.identity.stages.tried import retry_after, said

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.judge.world import World
    from climb.projects.identity.driver import Person, Running, Tokens

__all__ = [
    "Bystander",
    "Crowd",
    "Used",
    "crowded",
    "demand_line",
    "hash_bytes",
    "login_load",
    "login_s",
    "most_memory",
]

_ROUNDS = 15
_LEAST = 3
_LOOK_S = 0.03
_OF_ONE_ADDRESS = 40  # well below what is taken for guessing, also by who counts a try before it has failed
_NOT_WAITED = 0.9  # of the longest time in the line: who is refused later was in it
_PATIENCE_S = 60.0
_AS_FAST = 0.7  # as before, or nobody could know how long the line is; so many clients take some of the machine too
_OPEN_FILES = 4_096
_NEEDED = 1_700
_PHC = re.compile(r"\$argon2id\$v=19\$m=(\d+),")
_LEAST_KIB = 19_456
_KIB = 1_024
_TABLE = "what became of logins that came within a second"


def _owner(running: Running) -> Person:
    assert running.administrator is not None
    return running.administrator


async def login_s(running: Running, *, tries: int = 5) -> float:
    """How long a login takes when nobody else is there: the median of some."""
    owner = _owner(running)
    return statistics.median(
        [(await running.tries(owner.email, owner.password, status=200)).seconds for _ in range(tries)]
    )


def login_load(running: Running, *, connections: int, seconds: float) -> HttpPlan:
    """Clients that log in again as soon as they have, with the right password."""
    owner = _owner(running)
    body = msgspec.json.encode({"email": owner.email, "password": owner.password})
    fields = [("Content-Type", "application/json")]
    data = request("POST", "/v1/sessions", fields, body, host=f"{ADDRESS}:{running.port}")
    return HttpPlan(
        requests=(HttpRequest(data=data, name="a login", method="POST"),), seconds=seconds, connections=connections
    )


class Bystander:
    """A client that asks for what needs no hash, one request after the other."""

    def __init__(self, running: Running, tokens: Tokens) -> None:
        self._running = running
        self._tokens = tokens

    async def round(self, *, until_s: float = 30.0) -> dict[str, list[float]]:
        """The seconds of some requests of each kind; after ``until_s`` no more are begun, once there are a few."""
        found: dict[str, list[float]] = {
            "GET /.well-known/jwks.json": [],
            "GET /v1/users/me": [],
            "POST /v1/sessions/refresh": [],
        }
        keys, me, refresh = found.values()
        began = time.monotonic()
        for number in range(_ROUNDS):
            if number >= _LEAST and time.monotonic() - began > until_s:
                break
            keys.append((await self._running.ask("GET", "/.well-known/jwks.json")).seconds)
            me.append((await self._running.ask("GET", "/v1/users/me", token=self._tokens.access)).seconds)
            before = self._running.now()
            self._tokens = await self._running.refreshed(self._tokens.refresh)
            refresh.append(self._running.now() - before)
        return found


class Crowd:
    """So many people with the right password, each from one of several addresses."""

    def __init__(self, running: Running, world: World, count: int) -> None:
        self._running = running
        self._addresses = [world.address() for _ in range(count // _OF_ONE_ADDRESS + 1)]
        self._count = count

    async def comes(self, *, over_s: float) -> list[Answer]:
        """What each was told; they come one after the other within ``over_s``, without waiting for each other."""
        found = await asyncio.gather(*(self._one(number, over_s) for number in range(self._count)))
        return list(found)

    async def _one(self, number: int, over_s: float) -> Answer:
        await asyncio.sleep(over_s * number / self._count)
        owner = _owner(self._running)
        try:
            return await self._running.tries(
                owner.email,
                owner.password,
                from_address=self._addresses[number % len(self._addresses)],
                status={200, 503},
                why=f"{self._count} people log in at once, with the right password: they are let in, or told that the line is too long.",
                timeout_s=_PATIENCE_S,
            )
        except (ConnectionLost, TimedOut):
            self._running.instance.demand_alive()
            raise


def demand_line(answers: Sequence[Answer], rate: float, *, longest_s: float, allowed_s: float) -> None:
    """Who was let in was so in time, and who was not was told at once."""
    let_in = sorted((each for each in answers if each.status == 200), key=lambda each: each.seconds)
    refused = sorted((each for each in answers if each.status == 503), key=lambda each: each.seconds)
    table = Table(
        subject=_TABLE,
        columns=("answer", "how many", "the first after (s)", "the last after (s)"),
        rows=tuple(
            (name, str(len(some)), f"{some[0].seconds:.2f}", f"{some[-1].seconds:.2f}") if some else (name, "0", "", "")
            for name, some in (("200", let_in), ("503", refused))
        ),
    )
    slowest = _AS_FAST * rate
    with told_with(table):
        if let_in and let_in[-1].seconds > longest_s + allowed_s:
            _demand_foreseeable(let_in, rate, slowest)
            let_in[-1].blame(
                f"200 within {longest_s + allowed_s:.1f} s, or 503 at once",
                f"200 after {let_in[-1].seconds:.1f} s; before, {rate:.0f} logins a second were served, and now {len(answers)} came within one",
                f"Nobody waits longer than {longest_s:g} s in the line; {allowed_s:.1f} s are for the hash itself and for this machine.",
            )
        for answer in refused:
            retry_after(answer)
        at_once_s = min(longest_s / 2 + allowed_s, _NOT_WAITED * longest_s)
        if refused and refused[-1].seconds > at_once_s:
            _demand_foreseeable(let_in, rate, slowest)
            refused[-1].blame(
                f"503 at once, and so within {at_once_s:.1f} s",
                f"503 after {refused[-1].seconds:.1f} s   {said(refused[-1])}",
                "How long the line is, is known when somebody comes. Who waits in vain could have gone elsewhere, and their place was taken from another.",
            )
        if not let_in:
            refused[0].blame(
                "200 for those whose turn comes within 5 s", "503 for all", "The line is bounded, not closed."
            )


def _demand_foreseeable(let_in: Sequence[Answer], rate: float, slowest: float) -> None:
    """Raises CannotTell if hashes took so much longer than before that nobody who joined the line could know how long they would wait."""
    if not let_in:
        return
    now = len(let_in) / (max(each.ended_at for each in let_in) - min(each.asked_at for each in let_in))
    if now < slowest:
        raise CannotTell(
            f"this machine has become slower meanwhile: {rate:.0f} logins a second were served before, and {now:.0f} while many came at once"
        )


@dataclass
class Used:
    """The most bytes that were seen."""

    most: int = 0


@contextlib.asynccontextmanager
async def most_memory(running: Running) -> AsyncIterator[Used]:
    """What the service uses while the block lasts, looked at often."""
    seen = Used()

    async def look() -> None:
        while True:
            seen.most = max(seen.most, (await asyncio.to_thread(running.instance.memory)).now)
            await asyncio.sleep(_LOOK_S)

    task = asyncio.create_task(look())
    try:
        yield seen
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def hash_bytes(running: Running) -> int:
    """The memory of one hash, as a password in the database tells it; the least that the brief allows if none does."""
    for found in await running.database.holding("$argon2id$v=19$m="):
        rows = await running.database.rows(f"SELECT {found.value} AS kept FROM {found.source}")  # noqa: S608 - names from the database itself
        for row in rows:
            kept = row["kept"]
            matched = _PHC.search(kept.decode(errors="replace") if isinstance(kept, bytes) else str(kept))
            if matched:
                return int(matched[1]) * _KIB
    return _LEAST_KIB * _KIB


def crowded() -> dict[str, int]:
    """The judge's limits for a program that gets many connections. Raises CannotTell where this machine has less."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if files < _NEEDED or not room_above(_NEEDED):
        raise CannotTell(f"this machine allows {hard} open files, and so many logins at once need more")
    return {"open_files": files}
