"""Races of link shorteners: how many followings, how late at half of that, and how many links are made.

The programs are told their database and cache themselves and not the judge's proxies, which have no place in what is timed. After
each heat it is asked what came of it: clicks that were not counted and links that were not kept cost nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial
from urllib.parse import quote

import msgspec

from climb.judge.drivers.http1 import request
from climb.judge.drivers.life import ADDRESS
from climb.judge.expect import expect
from climb.judge.load import HttpLoaded, HttpPlan, HttpRequest
from climb.projects.links.driver import Link, LinksService, Running
from climb.races.half_load import half_load
from climb.races.over_http import asked_too_slowly, loaded, repeated
from climb.races.race import Field, HeatOf, Race, Side

__all__ = ["RACES"]

_HEAT_S = 1.0
_LINKS = 20
_CONNECTIONS = 64
_MAKERS = 16  # connections: who makes links waits for a database, and more of them only wait longer
_COUNTED_S = 2.0
_LOOK_S = 0.1
_PAGE = 200
_MADE = "https://example.org/made"


# --- following --------------------------------------------------------------------------------------------------------


class _Followed:
    """A started program, links that were followed before, and how many clicks they have."""

    def __init__(self, field: Field, running: Running, links: dict[str, str]) -> None:
        self._field = field
        self._running = running
        self._links = links
        self._clicks = 0
        self._next = 0

    @classmethod
    async def of(cls, field: Field, side: Side) -> _Followed:
        """Each link is in every cache that there is."""
        running = await _started(side)
        made = [await running.make(url=f"https://example.org/{number}") for number in range(_LINKS)]
        followed = cls(field, running, {link.code: link.url for link in made})
        for _ in made:
            await followed.follow()
        return followed

    async def follow(self) -> None:
        """One of them, each in its turn."""
        code = list(self._links)[self._next % _LINKS]
        self._next += 1
        answer = await self._running.follow(code, status=302, why="This link is there.")
        self._clicks += 1
        expect(answer.headers.get("location"), f"where {code} leads to").equals(
            self._links[code], why="A heat counts only if its answers are right."
        )

    async def load(self, *, seconds: float, rate_per_s: float | None, seed: int) -> HttpLoaded:
        """Follow all of them, beside a client that looks where they lead; then every click has to be counted."""
        plan = HttpPlan(
            requests=tuple(self._request(code) for code in self._links),
            seconds=seconds,
            rate_per_s=rate_per_s,
            connections=_CONNECTIONS,
            seed=seed,
        )
        found = await loaded(
            self._field,
            self._running.instances[0].instance,
            plan,
            status=302,
            beside=partial(repeated, self.follow),
            parts=(self._running.database, self._running.cache),
        )
        self._clicks += found.answered
        await self._demand_clicks()
        return found

    def _request(self, code: str) -> HttpRequest:
        data = request("GET", f"/{code}", host=f"{ADDRESS}:{self._running.instances[0].port}")
        return HttpRequest(data=data, name=f"GET /{code}")

    async def _demand_clicks(self) -> None:
        deadline = self._running.now() + _COUNTED_S
        while True:
            asked = self._running.now()
            clicks = sum(link.clicks for link in (await self._running.page(f"limit={_PAGE}")).items)
            if clicks >= self._clicks or asked > deadline:
                break
            await asyncio.sleep(_LOOK_S)
        expect(clicks, f"clicks of {_LINKS} links, {_COUNTED_S:g} s after a heat").equals(
            self._clicks, why="A heat counts only if its clicks are counted, each once."
        )


@contextlib.asynccontextmanager
async def _followings(field: Field) -> AsyncIterator[HeatOf]:
    followed = await field.each(lambda side: _Followed.of(field, side))

    async def heat(side: Side) -> float:
        found = await followed[side].load(seconds=_HEAT_S, rate_per_s=None, seed=field.turn)
        field.doubt(asked_too_slowly(found))
        return found.answers_per_s

    yield heat


@contextlib.asynccontextmanager
async def _tail(field: Field) -> AsyncIterator[HeatOf]:
    followed = await field.each(lambda side: _Followed.of(field, side))

    async def load(side: Side, *, seconds: float, rate_per_s: float | None = None, seed: int = 0) -> HttpLoaded:
        return await followed[side].load(seconds=seconds, rate_per_s=rate_per_s, seed=seed)

    async with half_load(field, load) as heat:
        yield heat


# --- making -----------------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def _making(field: Field) -> AsyncIterator[HeatOf]:
    running = await field.each(_started)

    async def heat(side: Side) -> float:
        owner = f"maker-{field.turn}"  # one for each heat, so that the list is that of a heat
        found = await loaded(
            field,
            running[side].instances[0].instance,
            _made_by(running[side], owner),
            status=201,
            beside=partial(repeated, partial(_make_one, running[side])),
            parts=(running[side].database, running[side].cache),
        )
        field.doubt(asked_too_slowly(found))
        await _demand_kept(running[side], owner, found.answered)
        return found.answers_per_s

    yield heat


def _made_by(running: Running, owner: str) -> HttpPlan:
    """Links with codes that the program chooses, all to one target."""
    fields = [("Authorization", f"Bearer {running.token(owner)}"), ("Content-Type", "application/json")]
    body = msgspec.json.encode({"url": _MADE})
    data = request("POST", "/v1/links", fields, body, host=f"{ADDRESS}:{running.instances[0].port}")
    return HttpPlan(
        requests=(HttpRequest(data=data, name="POST /v1/links", method="POST"),),
        seconds=_HEAT_S,
        connections=_MAKERS,
    )


async def _make_one(running: Running) -> None:
    """A link that is there at once."""
    link = await running.make(code=None)
    answer = await running.follow(link.code, status=302, why="A link that was made is there at once.")
    expect(answer.headers.get("location"), f"where {link.code} leads to").equals(
        link.url, why="A heat counts only if its answers are right."
    )


async def _demand_kept(running: Running, owner: str, count: int) -> None:
    """All that was made is in the owner's list, each under a code of its own, and leads where it should."""
    query, links = f"limit={_PAGE}", list[Link]()
    while True:
        page = await running.page(query, owner=owner)
        links += page.items
        if page.next is None or len(links) > count:
            break
        query = f"limit={_PAGE}&after={quote(page.next, safe='')}"
    found = {"links": len({link.code for link in links}), "targets": sorted({link.url for link in links})}
    expect(found, "the list of an owner after a heat").equals(
        {"links": count, "targets": [_MADE]},
        why="A heat counts only if every link that was answered with 201 is there.",
    )


async def _started(side: Side) -> Running:
    service: LinksService = side.driver
    database, cache = await service.world.database(), await service.world.cache()
    return await service.start(database=database, cache=cache, database_url=database.own_url, cache_url=cache.own_url)


RACES = (
    Race(
        id="followings",
        title="Followings",
        unit="followings/s",
        better="higher",
        stages=("create", "clicks", "caching"),
        tells="What one following is for your program when everybody wants the same links: finding the entry, counting the click, writing the answer, and how often another process is asked for it.",
        run=_followings,
    ),
    Race(
        id="tail",
        title="99th percentile at half load",
        unit="ms",
        better="lower",
        stages=("create", "clicks", "caching"),
        tells="How long an unlucky client waits when there is room for twice as many: for clicks that are written, for an entry that is read again, for a pause of the whole program.",
        run=_tail,
    ),
    Race(
        id="making",
        title="Links made",
        unit="links/s",
        better="higher",
        stages=("create", "owners", "lists"),
        tells="What it costs to make a link and keep it: checking the token, statements and round trips to the database, and how many requests share a commit.",
        run=_making,
    ),
)
