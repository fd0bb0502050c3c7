"""What happens during a run, as it happens: for the terminal's live lines and for the page that follows a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import msgspec

from climb.judge.submission import Submission
from climb.judge.verdict import CheckResult, StageResult, Verdict

__all__ = [
    "BuildDone",
    "BuildStarted",
    "CheckDone",
    "Event",
    "OnEvent",
    "RunDone",
    "RunStarted",
    "StageDone",
    "StageStarted",
]


class RunStarted(msgspec.Struct, frozen=True, tag=True):
    """A run begins; ``folder`` is where it leaves its traces."""

    submission: Submission
    seed: str
    folder: Path


class BuildStarted(msgspec.Struct, frozen=True, tag=True):
    """The build is under way, or found to be current."""

    command: str


class BuildDone(msgspec.Struct, frozen=True, tag=True):
    """The build ended; ``seconds`` is None if nothing had changed."""

    ok: bool
    seconds: float | None


class StageStarted(msgspec.Struct, frozen=True, tag=True):
    """A stage's first check begins."""

    number: int
    title: str
    checks: int


class CheckDone(msgspec.Struct, frozen=True, tag=True):
    """A check has its result."""

    stage: int
    result: CheckResult


class StageDone(msgspec.Struct, frozen=True, tag=True):
    """All checks of a stage have their results."""

    result: StageResult


class RunDone(msgspec.Struct, frozen=True, tag=True):
    """The verdict is there and stored."""

    verdict: Verdict
    folder: Path


Event: TypeAlias = RunStarted | BuildStarted | BuildDone | StageStarted | CheckDone | StageDone | RunDone
OnEvent: TypeAlias = Callable[[Event], None]
