"""Hold one race: a world, both programs, heats in turns until the ratio is known well enough or the time is over."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
import traceback
from collections.abc import AsyncIterator, Callable

import msgspec

from climb.errors import SetupError
from climb.judge.choices import Choices
from climb.judge.drivers.command import Command
from climb.judge.drivers.service import Service
from climb.judge.evidence import Evidence, Output
from climb.judge.expect import CannotTell, Failure
from climb.judge.project import Project
from climb.judge.submission import Submission, resolve_command
from climb.judge.world import World
from climb.labs.statistics import Estimate
from climb.races.document import Heat, Held, Standing
from climb.races.noise import Meter, plain_loop, too_noisy
from climb.races.order import blocks
from climb.races.race import NAMES, Field, HeatOf, Name, Race, Side
from climb.races.ratio import claim, is_narrow, paired_ratio

__all__ = ["OnHeat", "hold"]

OnHeat = Callable[[Race, tuple[Heat, ...], Estimate | None], None]  # the heats so far; without any, warming up begins

_LONGEST_S = 600.0  # beyond its own time: a race that takes longer hangs
_LAST_LINES = 32


class _WrongError(Exception):
    """A side did not do the work."""

    def __init__(self, side: Side, failure: Failure) -> None:
        super().__init__(failure.subject)
        self.side = side
        self.failure = failure


async def hold(
    race: Race,
    project: Project,
    submissions: dict[Name, Submission],
    *,
    seed: str,
    seconds: float,
    on_heat: OnHeat,
) -> Held:
    """Run a race for about so many seconds. Never raises for what a program does."""
    return await _Track(race, project, submissions, seed, seconds, on_heat).result()


class _Track:
    """One race under way."""

    def __init__(
        self,
        race: Race,
        project: Project,
        submissions: dict[Name, Submission],
        seed: str,
        seconds: float,
        on_heat: OnHeat,
    ) -> None:
        self._race = race
        self._project = project
        self._submissions = submissions
        self._seed = seed
        self._seconds = seconds
        self._on_heat = on_heat
        self._heats: list[Heat] = []
        self._meter = Meter()
        self._field: Field | None = None
        self._began = time.monotonic()

    async def result(self) -> Held:
        """Run it, and turn every way in which that can end into a result."""
        try:
            async with asyncio.timeout(self._seconds + _LONGEST_S):
                return await self._judged()
        except _WrongError as wrong:
            standing = Standing.WRONG if wrong.side.name == "yours" else Standing.JUDGE_ERROR
            evidence = (*wrong.failure.evidence, *wrong.side.given.evidence(wrong.failure.evidence))
            whose = "your program" if standing is Standing.WRONG else "our own system"
            return self._ended(standing, f"{whose} did the work wrongly: {wrong.failure.subject}", evidence)
        except (CannotTell, SetupError) as error:
            return self._ended(Standing.UNKNOWN, str(error))
        except Exception as error:
            lines = tuple("".join(traceback.format_exception(error)).splitlines()[-_LAST_LINES:])
            output = Output(title="the judge's own mistake", lines=lines)
            return self._ended(Standing.JUDGE_ERROR, "a mistake of the judge", (output,))

    async def _judged(self) -> Held:
        before = plain_loop()
        async with self._entered() as field, self._race.run(field) as heat:
            await self._run(field, heat)
        noise = self._meter.noise(before, plain_loop())
        ratio = self._ratio()
        reason = too_noisy(noise, ratio, len(self._heats) // 2, timed=self._race.timed, doubts=tuple(field.doubts))
        if reason or ratio is None:
            return msgspec.structs.replace(self._ended(Standing.NOISY, f"too noisy: {reason}"), noise=noise)
        return msgspec.structs.replace(self._ended(Standing.HELD, claim(ratio)), noise=noise, ratio=ratio)

    async def _run(self, field: Field, heat: HeatOf) -> None:
        """One heat of each side to warm up, then blocks."""
        self._tell()
        for side in field.sides:
            await self._value(field, heat, side)
        began = time.monotonic()  # what comes before has its own time: it may be long where a program stands on others
        sides = {side.name: side for side in field.sides}
        for block in blocks(f"{self._seed}/{self._race.id}"):
            for place, name in enumerate(block):
                field.turn += 1 if place % 2 == 0 else 0
                self._heats.append(Heat(name, await self._value(field, heat, sides[name])))
                self._tell()
            if time.monotonic() - began > self._seconds or is_narrow(self._ratio(), len(self._heats) // 2):
                return

    async def _value(self, field: Field, heat: HeatOf, side: Side) -> float:
        field.at_work = side
        try:
            value = await heat(side)
        except Failure as failure:
            raise _WrongError(side, failure) from failure
        if not (math.isfinite(value) and value > 0):
            raise RuntimeError(f"a heat of {side.name} came to {value}, which is no measurement")
        return value

    def _ratio(self) -> Estimate | None:
        """Of the whole pairs so far: two heats that follow each other are one."""
        whole = self._heats[: len(self._heats) // 2 * 2]
        values = {name: [heat.value for heat in whole if heat.side == name] for name in NAMES}
        return paired_ratio(values["yours"], values["ours"], self._race.better)

    def _tell(self) -> None:
        self._on_heat(self._race, tuple(self._heats), self._ratio())

    @contextlib.asynccontextmanager
    async def _entered(self) -> AsyncIterator[Field]:
        """Both sides in a world of their own; a failure on the way is that of who was at work, and an early end that of who ended."""
        world = World(Choices(f"{self._seed}/race/{self._race.id}"))
        sides = (self._side("yours", world), self._side("ours", world))
        field = self._field = Field(world, sides, self._meter)
        async with world, _blaming(sides[0]), _blaming(sides[1]):
            try:
                yield field
            except Failure as failure:
                if field.at_work is None:
                    raise RuntimeError("a demand before any side was at work") from failure
                raise _WrongError(field.at_work, failure) from failure
        if world.mishaps:
            raise world.mishaps[0].error

    def _side(self, name: Name, world: World) -> Side:
        submission = self._submissions[name]
        words = resolve_command(submission)
        if self._project.info.kind == "service":
            given: Command | Service = Service(words, submission.folder, world)
        else:
            given = Command(words, submission.folder)
        return Side(name, given, self._project.driver(given))

    def _ended(self, standing: Standing, says: str, evidence: tuple[Evidence, ...] = ()) -> Held:
        race, field = self._race, self._field
        return Held(
            id=race.id,
            title=race.title,
            unit=race.unit,
            better=race.better,
            tells=race.tells,
            standing=standing,
            says=says,
            heats=tuple(self._heats),
            evidence=(*evidence, *(field.evidence if field else ())),
            plots=tuple(field.plots) if field else (),
            seconds=round(time.monotonic() - self._began, 2),
        )


@contextlib.asynccontextmanager
async def _blaming(side: Side) -> AsyncIterator[None]:
    """The program of a side, for as long as the block lasts; that it ended too early is its own failure, whoever noticed."""
    try:
        async with side.given:
            yield
    except Failure as failure:
        raise _WrongError(side, failure) from failure
