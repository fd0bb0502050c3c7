"""What lists and progress need to know of a run, without reading its whole verdict again."""

from __future__ import annotations

from pathlib import Path

import msgspec

from climb.judge.verdict import CheckResult, Status, Verdict

__all__ = ["RunSummary", "StageSummary", "summarise"]


class StageSummary(msgspec.Struct, frozen=True):
    """How a stage ended; ``failure`` is the number and claim of its first check that did not pass."""

    id: str
    number: int
    title: str
    status: Status
    failure: tuple[str, str] | None


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A run in short. ``folder`` is its run folder; ``run`` the folder's name, unique among one submission's runs."""

    folder: Path
    run: str
    project: str
    submission: str
    language: str
    seed: str
    started_at: str
    passed: int
    total: int
    whole: bool
    build_failed: bool
    stages: tuple[StageSummary, ...]

    @property
    def first_failure(self) -> StageSummary | None:
        """The earliest stage with a check that did not pass."""
        return next((stage for stage in self.stages if stage.failure is not None), None)


def summarise(folder: Path, verdict: Verdict) -> RunSummary:
    """The short form of the verdict in ``folder``."""
    return RunSummary(
        folder=folder,
        run=verdict.run,
        project=verdict.project,
        submission=verdict.submission,
        language=verdict.language,
        seed=verdict.seed,
        started_at=verdict.started_at,
        passed=verdict.passed,
        total=verdict.total,
        whole=verdict.whole,
        build_failed=verdict.build is not None,
        stages=tuple(
            StageSummary(stage.id, stage.number, stage.title, stage.status, _failure(stage.first_failure))
            for stage in verdict.stages
        ),
    )


def _failure(check: CheckResult | None) -> tuple[str, str] | None:
    return (check.number, check.claim) if check else None
