"""Races, as a project writes them in its ``races.py``.

    @contextlib.asynccontextmanager
    async def _small_answers(field: Field) -> AsyncIterator[HeatOf]:
        running = await field.each(lambda side: side.driver.start())

        async def heat(side: Side) -> float:
            with field.measured(running[side].instance):
                ...  # the work, and demands on what came of it
            return answers_per_s

        yield heat

    RACES = (Race(id="small-answers", …, run=_small_answers),)

What stands before ``yield`` is done once; ``heat`` is called for one side after the other, and demands that the work was done right,
with the same expectations as checks. What stands behind it is done when the heats are over.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

import msgspec

from climb.judge.drivers.command import Command
from climb.judge.drivers.service import Service
from climb.races.noise import Meter

if TYPE_CHECKING:
    from climb.judge.evidence import Evidence
    from climb.judge.world import World
    from climb.judge.world.draws import Draws
    from climb.labs.plot import Plot

__all__ = ["NAMES", "Field", "HeatOf", "Name", "Race", "Side", "Working"]

Name = Literal["yours", "ours"]
NAMES: tuple[Name, Name] = ("yours", "ours")
T = TypeVar("T")


class Working(Protocol):
    """What works during a heat and is not waited for behind it: an instance of a service, a database, a cache."""

    def cpu_seconds(self) -> float:
        """Processor time of it so far."""


class Side:
    """One of the two programs: ``driver`` is the project's, made of ``given``."""

    def __init__(self, name: Name, given: Command | Service, driver: Any) -> None:
        self.name = name
        self.given = given
        self.driver = driver

    def __repr__(self) -> str:
        return f"Side({self.name!r})"


HeatOf = Callable[[Side], Awaitable[float]]


class Field:
    """What a race has: both sides, the world around them, its draws, and what it leaves beside the numbers.

    ``turn`` counts the heats of a side, so that both sides of a pair can be given the same random input.
    """

    def __init__(self, world: World, sides: tuple[Side, Side], meter: Meter) -> None:
        self.world = world
        self.sides = sides
        self.turn = 0
        self.doubts: list[str] = []
        self.evidence: list[Evidence] = []
        self.plots: list[Plot] = []
        self.at_work: Side | None = None  # who is to blame for a failure
        self._meter = meter

    @property
    def draw(self) -> Draws:
        """Where every random decision of the race comes from."""
        return self.world.draw

    async def each(self, prepare: Callable[[Side], Awaitable[T]]) -> dict[Side, T]:
        """What both sides need before, or show after, the heats: one after the other."""
        made = {}
        for side in self.sides:
            self.at_work = side
            made[side] = await prepare(side)
        return made

    @contextlib.contextmanager
    def measured(self, *working: Working) -> Iterator[None]:
        """What others do with the processors inside of this block counts as noise, what those do that are named here does not."""
        with self._meter.measured(lambda: sum(each.cpu_seconds() for each in working)):
            yield

    def doubt(self, reason: str) -> None:
        """The heat under way says more of the judge or the machine than of the program, and why; nothing if there is no reason."""
        if reason and self.turn:  # warming up does not count
            self.doubts.append(reason)


class Race(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is compared. ``stages`` have to hold before it means anything; ``tells`` is what a learner reads of it.

    ``timed`` says that a busy machine changes what is measured; memory, for one, is the same on any.
    """

    id: str
    title: str
    unit: str
    better: Literal["higher", "lower"]
    stages: tuple[str, ...]
    tells: str
    run: Callable[[Field], AbstractAsyncContextManager[HeatOf]]
    timed: bool = True
