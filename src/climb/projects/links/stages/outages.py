"""The brief's table "When things break" as demands of a fault matrix: what is asked, and which answers are allowed in which column."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from climb.judge.expect import fail
from climb.judge.faults import Cut, Fault, Full, HalfOpen, Latency, Reset
from climb.judge.history import Recorder
from climb.judge.matrix import Demand, Trouble, demand_matrix

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.judge.faults.fault import Place
    from climb.judge.world import World
    from climb.judge.world.draws import Draws
    from climb.projects.links.driver import LinksService, Running

__all__ = ["Column", "Service", "cuts", "slow"]

_ANSWER_S = 2.0  # every answer but that of an import comes within it
_NOTICED_S = 2.0  # until an instance can know that it can ask neither
_PATIENCE_S = 6.0
_COLD = 250  # links that nobody has followed: more than are asked for in a check
_OK = frozenset({200})
_GONE = frozenset({503})


class Column(Enum):
    """What is wrong: for /readyz, a link that was answered shortly before, any other link, and /v1 the statuses that are allowed."""

    NO_DATABASE = (_OK, frozenset({302}), frozenset({302, 503}), _GONE)
    SLOW_DATABASE = (_OK, frozenset({302}), frozenset({302, 503}), frozenset({200, 201, 503}))
    NO_CACHE = (_OK, frozenset({302}), frozenset({302}), frozenset({200, 201}))  # nor is a slow one any excuse
    NEITHER = (_GONE, frozenset({302, 503}), frozenset({302, 503}), _GONE)
    RESTARTED = (frozenset({200, 503}), frozenset({302, 503}), frozenset({302, 503}), frozenset({200, 201, 503}))


class Service:
    """One instance, a link that is followed all the time, many that were not followed yet, and what is asked of it."""

    def __init__(self, running: Running, hot: str, cold: list[str], recorder: Recorder) -> None:
        self.running = running
        self.recorder = recorder
        self._hot = hot
        self._cold = cold

    @classmethod
    async def opened(cls, links: LinksService, world: World, *, alone: bool = False) -> Service:
        """A service whose database may be killed if it is ``alone``."""
        database = await world.database(alone=True) if alone else None
        running = await links.start(database=database)
        hot = (await running.make()).code
        await running.follow(hot, status=302)
        return cls(running, hot, await _imported(running), Recorder(clock=world.now))

    def trouble(
        self, column: Column, faults: Sequence[tuple[Place, Fault]], *, lasts_s: float = 1.5, name: str = ""
    ) -> Trouble:
        """These faults, and the demands of that column."""
        return Trouble(faults=faults, demands=self._demands(column), lasts_s=lasts_s, name=name)

    async def demand(self, troubles: Sequence[Trouble], *, why: str) -> None:
        """Try them one after the other; fails the check at the first answer that the table does not have."""
        await demand_matrix(troubles, self.recorder, why=why, per_s=5.0)

    def _demands(self, column: Column) -> list[Demand]:
        ready, hot, cold, api = column.value
        ask = partial(self.running.ask, status=None, timeout_s=_PATIENCE_S)
        follows = frozenset({302})

        async def other() -> Answer:
            """Each link is the first time one that was not answered here; the last one is asked again."""
            return await ask("GET", f"/{self._cold.pop() if len(self._cold) > 1 else self._cold[0]}", owner=None)

        async def make() -> Answer:
            return await ask("POST", "/v1/links", json={"url": "https://example.org/made"})

        read: Callable[[], Awaitable[Answer]] = partial(ask, "GET", f"/v1/links/{self._hot}")
        noticed_s = _NOTICED_S if column is Column.NEITHER else 0.0
        row = partial(Demand, bound_s=_ANSWER_S)
        return [
            row(name="GET /healthz", request=partial(ask, "GET", "/healthz", owner=None)),
            row(name="GET /metrics", request=partial(ask, "GET", "/metrics", owner=None)),
            row(
                name="GET /readyz",
                request=partial(ask, "GET", "/readyz", owner=None),
                during=ready,
                notice_s=noticed_s,
            ),
            row(
                name="follow, answered before",
                request=partial(ask, "GET", f"/{self._hot}", owner=None),
                during=hot,
                after=follows,
            ),
            row(name="follow another", request=other, during=cold, after=follows),
            row(name="GET /v1/links/…", request=read, during=api & {200, 503}),
            row(name="POST /v1/links", request=make, during=api & {201, 503}, after=frozenset({201})),
        ]


def cuts(draw: Draws) -> list[Fault]:
    """All the ways in which a part is gone or silent, in a random order."""
    return draw.sample([Cut(), HalfOpen(), Reset(), Full()], 4)


def slow(draw: Draws) -> Latency:
    """So slow that several round trips take longer than an answer may."""
    return Latency(draw.integer(400, 800))


async def _imported(running: Running) -> list[str]:
    lines = b"".join(b'{"url": "https://example.org/%d"}\n' % number for number in range(_COLD))
    fields = (("Content-Type", "application/x-ndjson"),)
    answer = await running.ask("POST", "/v1/imports", body=lines, fields=fields)
    try:
        return [_Line.read(line) for line in answer.body.splitlines()]
    except msgspec.DecodeError as error:
        fail(
            "the answer to an import",
            expected='a line {"line": …, "code": …} for each link',
            received=f"{answer.text[:200]}   ({error})",
            why="These links are to be followed while something is away (stage 8).",
        )


class _Line(msgspec.Struct, frozen=True):
    line: int
    code: str

    @classmethod
    def read(cls, line: bytes) -> str:
        return msgspec.json.decode(line, type=cls).code
