"""Races of identity services: how many requests in somebody's name, how late beside logins, and how many refreshes.

Logins have no race of their own: nearly all of one is the hash, which is meant to cost the same everywhere. The programs are told
their database itself and not the judge's proxy, which has no place in what is timed.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial

import msgspec

from climb.judge.drivers.http1 import request
from climb.judge.drivers.life import ADDRESS
from climb.judge.expect import CannotTell, expect
from climb.judge.load import HttpLoaded, HttpPlan, HttpRequest
from climb.projects.identity.driver import IdentityService, Person, Running, Tokens
from climb.projects.identity.stages.judged import demand_member
from climb.races.over_http import asked_too_slowly, loaded, repeated
from climb.races.race import Field, HeatOf, Race, Side

__all__ = ["RACES"]

_HEAT_S = 1.0
_PEOPLE = 4
_CONNECTIONS = 32
_ACCESS_S = 3_600  # longer than a race: the same tokens are good in all of its heats
_FAMILIES = 4  # of each of them
_MOST = 100  # refreshes of a family in a heat: each leaves a transcript
_BESIDE_S = 2.0
_READS_PER_S = 200.0
_LOGINS_PER_S = 5.0  # so few that no machine is busy with their hashes alone
_AROUND_S = 20.0
_FEW = 8  # connections
_RIGHT = "A heat counts only if its answers are right."


class _People:
    """A started program, and people who have logged in."""

    def __init__(self, running: Running, people: dict[Person, Tokens]) -> None:
        self.running = running
        self.everyone = people
        self._turns: Iterator[tuple[Person, Tokens]] = itertools.cycle(people.items())

    @classmethod
    async def of(cls, side: Side) -> _People:
        """Their tokens are good for as long as a race may take."""
        service: IdentityService = side.driver
        running = await service.start(access_s=_ACCESS_S)
        await running.restart(DATABASE_URL=running.database.own_url)
        people = [await running.register() for _ in range(_PEOPLE)]
        return cls(running, {person: await running.login(person) for person in people})

    async def look(self) -> None:
        """One of them asks who they are, each in their turn."""
        person, tokens = next(self._turns)
        answer = await self.running.me(tokens.access, why=_RIGHT)
        demand_member(answer, "id", person.id, why=_RIGHT)
        demand_member(answer, "email", person.email, why=_RIGHT)

    def reads(self, *, seconds: float, connections: int, rate_per_s: float | None = None, seed: int = 0) -> HttpPlan:
        """All of them ask who they are."""
        requests = tuple(self._read(tokens.access) for tokens in self.everyone.values())
        return HttpPlan(requests=requests, seconds=seconds, connections=connections, rate_per_s=rate_per_s, seed=seed)

    def logins(self, *, seconds: float, rate_per_s: float, seed: int) -> HttpPlan:
        """All of them log in now and then, with the right password."""
        requests = tuple(self._login(person) for person in self.everyone)
        return HttpPlan(requests=requests, seconds=seconds, connections=_FEW, rate_per_s=rate_per_s, seed=seed)

    def _read(self, token: str) -> HttpRequest:
        data = request("GET", "/v1/users/me", [("Authorization", f"Bearer {token}")], host=self._host)
        return HttpRequest(data=data, name="GET /v1/users/me")

    def _login(self, person: Person) -> HttpRequest:
        body = msgspec.json.encode({"email": person.email, "password": person.password})
        data = request("POST", "/v1/sessions", [("Content-Type", "application/json")], body, host=self._host)
        return HttpRequest(data=data, name="POST /v1/sessions", method="POST")

    @property
    def _host(self) -> str:
        return f"{ADDRESS}:{self.running.port}"


# --- reading ----------------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def _reads(field: Field) -> AsyncIterator[HeatOf]:
    people = await field.each(_People.of)

    async def heat(side: Side) -> float:
        mine = people[side]
        plan = mine.reads(seconds=_HEAT_S, connections=_CONNECTIONS, seed=field.turn)
        found = await _read(field, mine, plan)
        field.doubt(asked_too_slowly(found))
        return found.answers_per_s

    yield heat


@contextlib.asynccontextmanager
async def _beside_logins(field: Field) -> AsyncIterator[HeatOf]:
    people = await field.each(_People.of)

    async def heat(side: Side) -> float:
        mine = people[side]
        reads = mine.reads(seconds=_BESIDE_S, connections=_FEW, rate_per_s=_READS_PER_S, seed=field.turn)
        logins = mine.logins(seconds=_BESIDE_S, rate_per_s=_LOGINS_PER_S, seed=field.turn)
        async with mine.running.instance.http_load("PORT", logins) as load:
            found = await _read(field, mine, reads)
            done = await load.finished(timeout_s=logins.seconds + logins.patience_s + _AROUND_S)
        _demand_logins(done)
        field.doubt(found.doubt)
        return found.latencies.percentile_ms(90)

    yield heat


async def _read(field: Field, people: _People, plan: HttpPlan) -> HttpLoaded:
    running = people.running
    beside = partial(repeated, people.look)
    return await loaded(field, running.instance, plan, status=200, beside=beside, parts=(running.database,))


def _demand_logins(done: HttpLoaded | None) -> None:
    if done is None:
        raise CannotTell("the logins did not end in their time")
    expect(done.by_status, "logins beside the reading, by status").equals(
        {200: done.sent}, why="A heat counts only if everybody is let in: who refuses logins hashes nothing."
    )


# --- refreshing -------------------------------------------------------------------------------------------------------


class _Family:
    """The tokens that one login has grown into."""

    def __init__(self, running: Running, person: Person, opened: Tokens) -> None:
        self._running = running
        self._person = person
        self._first = opened.refresh  # of this heat
        self._newest = opened

    async def refresh_until(self, end: float) -> int:
        """One refresh after the other, each with the token that the last one gave; how many."""
        self._first, count = self._newest.refresh, 0
        while count < _MOST and time.monotonic() < end:
            self._newest = await self._running.refreshed(self._newest.refresh, why="This is the newest of its family.")
            count += 1
        return count

    async def demand_right(self) -> None:
        """The newest access token is the person's, the first refresh token of the heat is used up, and then the family has ended."""
        claims = await self._running.claims(self._newest.access, what="an access token from a refresh of a heat")
        expect(claims.sub, "sub of an access token from a refresh of a heat").equals(self._person.id, why=_RIGHT)
        replayed = "It was used up in this heat. A heat counts only if that is noted for each token."
        await self._running.refreshes(self._first, status=401, why=replayed)
        await self._running.refreshes(self._newest.refresh, status=401, why="An earlier one was used twice.")
        self._newest = await self._running.login(self._person)


@contextlib.asynccontextmanager
async def _refreshes(field: Field) -> AsyncIterator[HeatOf]:
    everyone = await field.each(_People.of)

    async def opened(side: Side) -> list[_Family]:
        running = everyone[side].running
        people = [person for person in everyone[side].everyone for _ in range(_FAMILIES)]
        return [_Family(running, person, await running.login(person)) for person in people]

    families = await field.each(opened)

    async def heat(side: Side) -> float:
        running, mine = everyone[side].running, families[side]
        began, working = time.monotonic(), time.process_time()
        with field.measured(running.instance, running.database):
            counts = await asyncio.gather(*(family.refresh_until(began + _HEAT_S) for family in mine))
        seconds, used_s = time.monotonic() - began, time.process_time() - working
        if used_s > 0.9 * seconds:
            field.doubt("the judge had no processor time left to ask for more refreshes")
        await mine[field.turn % len(mine)].demand_right()
        return sum(counts) / seconds

    yield heat


RACES = (
    Race(
        id="reads",
        title="Who am I",
        unit="answers/s",
        better="higher",
        stages=("register", "login", "access-tokens"),
        tells="What every request in somebody's name costs before anything is done for it: checking a signature, and asking the database whether the account is still there.",
        run=_reads,
    ),
    Race(
        id="beside-logins",
        title="Reading beside logins, 90th percentile",
        unit="ms",
        better="lower",
        stages=("register", "login", "access-tokens", "hashing-in-line"),
        tells="Whether those who need no hash wait for the hashes of others: the few logins of a heat leave most of a processor idle, so what delays a request is where the hashing happens.",
        run=_beside_logins,
    ),
    Race(
        id="refreshes",
        title="Refreshes",
        unit="refreshes/s",
        better="higher",
        stages=("register", "login", "access-tokens", "refresh"),
        tells="What a rotation costs, with sixteen clients at it: statements and round trips to the database, locks, and a new signature.",
        run=_refreshes,
    ),
)
