"""What races came to: one document for the terminal, for scripts, and for whoever shows it later. It is also what is stored."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

from climb.judge.evidence import Evidence
from climb.labs.plot import Plot
from climb.labs.result import Machine
from climb.labs.statistics import Estimate
from climb.races.noise import Noise
from climb.races.race import Name

__all__ = ["Heat", "Held", "Racing", "Standing"]


class Standing(StrEnum):
    """How a race ended."""

    HELD = "held"  # there is a ratio
    NOISY = "noisy"  # it was run, and says nothing
    WRONG = "wrong"  # your program did the work wrongly
    WAITING = "waiting"  # a stage that it needs does not hold
    UNKNOWN = "unknown"  # this machine can't run it
    JUDGE_ERROR = "judge_error"  # our fault, never yours


class Heat(msgspec.Struct, frozen=True):
    """One heat: whose, and what was measured, in the race's unit."""

    side: Name
    value: float


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """One race. ``ratio`` is how many times as good yours is, with its 95 % interval; only a race that was held has one.

    ``says`` is the claim, or the reason why there is none. ``heats`` are in the order in which they were run.
    """

    id: str
    title: str
    unit: str
    better: Literal["higher", "lower"]
    tells: str
    standing: Standing
    says: str
    heats: tuple[Heat, ...] = ()
    ratio: Estimate | None = None
    noise: Noise | None = None
    evidence: tuple[Evidence, ...] = ()
    plots: tuple[Plot, ...] = ()
    seconds: float = 0.0

    def values(self, side: Name) -> list[float]:
        """What was measured of one side."""
        return [heat.value for heat in self.heats if heat.side == side]


class Racing(msgspec.Struct, frozen=True, kw_only=True):
    """All races of one call of the command."""

    project: str
    submission: str
    language: str
    seed: str
    judge: str
    started_at: str
    machine: Machine
    races: tuple[Held, ...]
    seconds: float

    @property
    def exit_code(self) -> int:
        """0 nothing is wrong · 1 your program did something wrongly, or none of the races could be run · 4 a mistake of the judge."""
        found = {race.standing for race in self.races}
        if Standing.JUDGE_ERROR in found:
            return 4
        return 1 if Standing.WRONG in found or found == {Standing.WAITING} else 0
