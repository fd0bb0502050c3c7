"""The verdict: what a run concluded. One document for the terminal, for scripts and for the workbench.

``docs/reference/verdict.md`` describes it for readers; this is its only definition in code.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from climb.judge.evidence import Evidence

__all__ = ["CheckResult", "StageResult", "Status", "Verdict"]


class Status(StrEnum):
    """How a check or a stage ended."""

    PASSED = "passed"
    FAILED = "failed"  # the program broke the claim
    UNKNOWN = "unknown"  # the judge could not tell
    SKIPPED = "skipped"  # an earlier stage failed, or it was not asked for
    JUDGE_ERROR = "judge_error"  # our fault, never the learner's


# The worst of several decides, in this order.
_WORST_FIRST = (Status.JUDGE_ERROR, Status.FAILED, Status.UNKNOWN, Status.SKIPPED, Status.PASSED)


def worst(statuses: list[Status]) -> Status:
    """The status of a whole whose parts ended like this; a whole without parts was skipped."""
    return next((status for status in _WORST_FIRST if status in statuses), Status.SKIPPED)


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """One check: its claim, how it ended, and what shows it. ``number`` is what the learner sees, such as ``3.2``."""

    id: str
    number: str
    status: Status
    claim: str
    evidence: tuple[Evidence, ...] = ()
    seconds: float = 0.0
    choices: tuple[int, ...] = ()


class StageResult(msgspec.Struct, frozen=True, kw_only=True):
    """One stage and its checks."""

    id: str
    number: int
    title: str
    status: Status
    concepts: tuple[str, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    seconds: float = 0.0

    @property
    def first_failure(self) -> CheckResult | None:
        """The first check that did not pass, if one did not."""
        return next((check for check in self.checks if check.status not in (Status.PASSED, Status.SKIPPED)), None)


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One judging of a submission. ``passed`` counts the stages that hold with all the earlier ones."""

    project: str
    submission: str
    language: str
    seed: str
    judge: str
    run: str
    started_at: str
    build_seconds: float | None
    stages: tuple[StageResult, ...]
    passed: int
    total: int
    build: CheckResult | None = None

    @property
    def first_failure(self) -> tuple[StageResult, CheckResult] | None:
        """The earliest stage with a check that did not pass, and that check."""
        failures = ((stage, stage.first_failure) for stage in self.stages)
        return next(((stage, check) for stage, check in failures if check), None)

    @property
    def whole(self) -> bool:
        """Whether this tells how far the program is: not so if one stage or check alone was asked for, or the build failed."""
        if self.build is not None:
            return False
        return self.passed == self.total or self.stages[self.passed].status is not Status.SKIPPED

    @property
    def exit_code(self) -> int:
        """0 all held · 1 the program failed · 4 the judge could not tell or is at fault."""
        statuses = {stage.status for stage in self.stages}
        if self.build is not None and self.build.status is not Status.PASSED:
            return 1
        if Status.JUDGE_ERROR in statuses:
            return 4
        if Status.FAILED in statuses:
            return 1
        return 4 if Status.UNKNOWN in statuses else 0


def stages_held(stages: Sequence[StageResult]) -> int:
    """How many stages hold with all the earlier ones."""
    held = 0
    for stage in stages:
        if stage.status is not Status.PASSED:
            break
        held += 1
    return held
