"""Runs and lab results made of a few words, a small course, and a home with runs in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from climb.course.model import Course, Module, Reflection, Topic
from climb.judge.verdict import Status
from climb.labs import lab as labs
from climb.labs.lab import Explanation, Lab, Prediction
from climb.labs.result import Machine, Predicted, Result
from climb.labs.statistics import Estimate
from climb.progress.summaries import RunSummary, StageSummary

_STATUS = {"+": Status.PASSED, "x": Status.FAILED, "?": Status.UNKNOWN, "!": Status.JUDGE_ERROR, ".": Status.SKIPPED}

MakeRun = Callable[..., RunSummary]
MakeResult = Callable[..., tuple[Result, Explanation]]


@pytest.fixture
def run(tmp_path: Path) -> MakeRun:
    """Makes a run's summary: ``run(7, "+x.")`` is of minute 7; stage 1 held, stage 2 failed, stage 3 was not judged."""

    def make(
        minute: int,
        stages: str,
        *,
        check: str = "1",
        submission: str = "/code/scanner",
        project: str = "scanner",
        whole: bool = True,
    ) -> RunSummary:
        name = f"20260314T12{minute:02}00-{minute:04x}"
        summaries = [_stage(number, sign, check) for number, sign in enumerate(stages, 1)]
        held = len(stages) - len(stages.lstrip("+"))
        return RunSummary(
            folder=tmp_path / "runs" / name,
            run=name,
            project=project,
            submission=submission,
            language="rust",
            seed=f"{minute:04x}",
            started_at=f"2026-03-14T12:{minute:02}:00+00:00",
            passed=held,
            total=len(stages),
            whole=whole,
            build_failed=False,
            stages=tuple(summaries),
        )

    return make


def _stage(number: int, sign: str, check: str) -> StageSummary:
    failure = (f"{number}.{check}", f"Claim {check} of stage {number}") if sign in "x?!" else None
    return StageSummary(f"stage-{number}", number, f"Title {number}", _STATUS[sign], failure)


@pytest.fixture
def result() -> MakeResult:
    """Makes a lab's result with its explanation: predicted, then the measured value and its interval."""

    def make(
        predicted: float | None, value: float, low: float, high: float, *, lab: str = "handshake", minute: int = 0
    ) -> tuple[Result, Explanation]:
        made = Result(
            lab=lab,
            id=f"20260314T12{minute:02}00",
            started_at=f"2026-03-14T12:{minute:02}:00+00:00",
            knobs={},
            predicted=Predicted(value=predicted) if predicted is not None else None,
            machine=Machine(
                system="Linux 6.1", processor="A [fast] one", cores=4, memory_bytes=8 * 2**30, python="3.13"
            ),
            finished=True,
        )
        return made, Explanation(answer=Estimate(value, low, high), headline="", text="", plots=())

    return make


@pytest.fixture
def handshake(monkeypatch: pytest.MonkeyPatch) -> Lab:
    """A lab of the tests in the place of the one of this name."""
    lab = Lab(
        title="What a new connection costs",
        question="How much longer is a request on a new connection?",
        about="",
        concepts=("sockets",),
        prediction=Prediction(ask="How many times?", unit="×"),
        seconds=1,
    )
    lab.explain(
        lambda result: Explanation(answer=Estimate(result.number("ratio"), 4.8, 5.5), headline="", text="", plots=())
    )
    known = {"handshake": lab}
    monkeypatch.setattr("climb.journal.evidence.find", lambda slug: known[slug] if slug in known else labs.find(slug))
    return lab


@pytest.fixture
def modules() -> tuple[Module, ...]:
    """Two modules: 1.1 has a project and two questions, 1.2 has a concept and one."""
    return (
        _module("1.1", projects=("scanner",), asks=("Where does it wait?", "What is true?")),
        _module("1.2", concepts=("sockets",), asks=("What would you measure?",)),
    )


@pytest.fixture
def course(modules: tuple[Module, ...]) -> Course:
    """A course of these modules and of nothing else."""
    by_id = {module.id: module for module in modules}
    return Course(tracks={}, modules=by_id, concepts={}, works={}, projects={}, pages={})


def _module(
    name: str, *, projects: tuple[str, ...] = (), concepts: tuple[str, ...] = (), asks: tuple[str, ...] = ()
) -> Module:
    return Module(
        id=name,
        title=f"Title of {name}",
        summary="",
        overview="",
        importance="",
        topics=(Topic(title="", concepts=concepts),),
        projects=projects,
        reflections=tuple(Reflection(id=f"q{number}", ask=ask) for number, ask in enumerate(asks, 1)),
    )
