"""Runs in short, made by hand."""

from collections.abc import Callable
from pathlib import Path

import pytest

from climb.judge.verdict import Status
from climb.progress.summaries import RunSummary, StageSummary

MakeRun = Callable[..., RunSummary]

_WORDS = {"+": Status.PASSED, "-": Status.FAILED, ".": Status.SKIPPED}


@pytest.fixture
def run() -> MakeRun:
    """A run whose stages ended like ``+``, ``-`` and ``.`` say; later ``hour``, later run."""

    def make(
        stages: str, *, project: str = "scanner", hour: int = 12, folder: str = "", whole: bool = True
    ) -> RunSummary:
        folder = folder or f"/somewhere/{project}"
        ended = tuple(_stage(number, _WORDS[sign]) for number, sign in enumerate(stages, 1))
        held = next((number for number, stage in enumerate(ended) if stage.status is not Status.PASSED), len(ended))
        return RunSummary(
            folder=Path(folder, ".climb", "runs", f"20260314T{hour:02}0000-41c2"),
            run=f"20260314T{hour:02}0000-41c2",
            project=project,
            submission=folder,
            language="rust",
            seed="41c2",
            started_at=f"2026-03-14T{hour:02}:00:00+00:00",
            passed=held,
            total=len(ended),
            whole=whole,
            build_failed=False,
            stages=ended,
        )

    return make


def _stage(number: int, status: Status) -> StageSummary:
    failure = (f"{number}.2", f"claim {number}.2") if status is Status.FAILED else None
    return StageSummary(f"stage-{number}", number, f"Title {number}", status, failure)
