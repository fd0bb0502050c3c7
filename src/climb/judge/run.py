"""A run: build a submission, judge its stages in order, keep everything, conclude.

The order is the one that teaches fastest: the stage that the learner works on first, then the earlier ones again (what held may
have been broken meanwhile), then on to the next until one fails.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterator
from pathlib import Path

import msgspec

from climb import __version__
from climb.judge import runs
from climb.judge.build import Build, build
from climb.judge.checking import run_check
from climb.judge.drivers.command import last_lines
from climb.judge.events import BuildDone, BuildStarted, CheckDone, OnEvent, RunDone, RunStarted, StageDone, StageStarted
from climb.judge.evidence import Comparison, Output
from climb.judge.project import Project
from climb.judge.stage import Stage
from climb.judge.submission import Submission
from climb.judge.verdict import CheckResult, StageResult, Status, Verdict, stages_held, worst

__all__ = ["Plan", "current_stage", "new_seed", "run"]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to judge: by default the learner's way up; ``every`` stage whatever fails; or ``only`` one stage or check."""

    every: bool = False
    only: str | None = None  # a stage's number or id
    check: str | None = None  # a check's number, such as "3.2"


def new_seed() -> str:
    """Four hexadecimal digits, short enough to be read out."""
    return secrets.token_hex(2)


def current_stage(submission: Submission, project: Project) -> int:
    """The number of the stage that the learner works on: the first that the newest whole run did not find holding."""
    held = 0
    for folder in sorted((submission.climb_folder / "runs").glob("*/verdict.json"), reverse=True):
        verdict = runs.read_verdict(folder.parent)
        if verdict.project == project.info.slug and verdict.stages and verdict.stages[0].status is not Status.SKIPPED:
            held = verdict.passed
            break
    return min(held + 1, len(project.stages))


async def run(submission: Submission, project: Project, *, seed: str, plan: Plan, on_event: OnEvent) -> Verdict:
    """Judge ``submission`` and store the verdict in a new run folder. Raises SetupError and UsageError, nothing else."""
    started = dt.datetime.now(dt.UTC)
    folder = runs.new_run(submission.climb_folder, started.strftime("%Y%m%dT%H%M%S"), seed)
    on_event(RunStarted(submission, seed, folder))
    built = await _build(submission, on_event)
    results: dict[int, StageResult] = {}
    failure = None if built is None or built.ok else _build_failure(built)
    if failure is None:
        await _judge_stages(submission, project, seed, plan, folder, results, on_event)
    verdict = Verdict(
        project=project.info.slug,
        submission=str(submission.folder),
        language=submission.language,
        seed=seed,
        judge=__version__,
        run=folder.name,
        started_at=started.isoformat(timespec="seconds"),
        build_seconds=round(built.outcome.seconds, 2) if built and built.outcome else None,
        stages=(stages := tuple(_all_results(project, results))),
        passed=stages_held(list(stages)),
        total=len(project.stages),
        build=failure,
    )
    runs.save_verdict(folder, verdict)
    on_event(RunDone(verdict, folder))
    return verdict


async def _build(submission: Submission, on_event: OnEvent) -> Build | None:
    if submission.build is not None:
        on_event(BuildStarted(submission.build))
    built = await build(submission)
    if built is not None:
        on_event(BuildDone(built.ok, built.outcome.seconds if built.outcome else None))
    return built


async def _judge_stages(
    submission: Submission,
    project: Project,
    seed: str,
    plan: Plan,
    folder: Path,
    results: dict[int, StageResult],
    on_event: OnEvent,
) -> None:
    for number in _order(submission, project, plan, results):
        stage = project.stages[number - 1]
        on_event(StageStarted(number, stage.title, len(stage.checks)))
        checks = await _judge_checks(submission, project, stage, number, seed, plan, folder, on_event)
        results[number] = _stage_result(stage, number, checks)
        on_event(StageDone(results[number]))


def _order(submission: Submission, project: Project, plan: Plan, results: dict[int, StageResult]) -> Iterator[int]:
    """Which stage next; looks at the results so far, so it decides late."""
    total = len(project.stages)
    if plan.check is not None or plan.only is not None:
        yield project.stages.index(project.stage(plan.only or str(plan.check).split(".")[0])) + 1
        return
    if plan.every:
        yield from range(1, total + 1)
        return
    current = current_stage(submission, project)
    yield current
    yield from range(1, current)
    following = current + 1
    while following <= total and all(result.status is Status.PASSED for result in results.values()):
        yield following
        following += 1


async def _judge_checks(
    submission: Submission,
    project: Project,
    stage: Stage,
    number: int,
    seed: str,
    plan: Plan,
    folder: Path,
    on_event: OnEvent,
) -> list[CheckResult]:
    results = []
    for position, check in enumerate(stage.checks, 1):
        if plan.check is not None and plan.check != f"{number}.{position}":
            continue
        checked = await run_check(project, stage, check, submission, seed)
        if checked.result.status is not Status.PASSED:
            runs.save_calls(folder, checked.result.number, checked.calls)
        results.append(checked.result)
        on_event(CheckDone(number, checked.result))
    return results


def _stage_result(stage: Stage, number: int, checks: list[CheckResult]) -> StageResult:
    return StageResult(
        id=stage.id,
        number=number,
        title=stage.title,
        status=worst([check.status for check in checks]),
        concepts=stage.concepts,
        checks=tuple(checks),
        seconds=round(sum(check.seconds for check in checks), 3),
    )


def _all_results(project: Project, results: dict[int, StageResult]) -> Iterator[StageResult]:
    for number, stage in enumerate(project.stages, 1):
        yield results.get(number) or _stage_result(stage, number, _skipped(stage, number))


def _skipped(stage: Stage, number: int) -> list[CheckResult]:
    return [
        CheckResult(id=check.id, number=f"{number}.{position}", status=Status.SKIPPED, claim=check.claim)
        for position, check in enumerate(stage.checks, 1)
    ]


def _build_failure(built: Build) -> CheckResult:
    assert built.outcome is not None
    outcome = built.outcome
    comparison = Comparison(
        subject="the build",
        expected="exit code 0",
        received=str(outcome.ending),
        why="The judge builds your program with the command in climb.toml, and judges what comes out of it.",
    )
    lines = last_lines(outcome.stderr) or last_lines(outcome.stdout)
    evidence = (comparison, Output(title="the build's last lines", lines=lines))
    return CheckResult(
        id="build", number="0.1", status=Status.FAILED, claim=f"The program builds: {built.command}", evidence=evidence
    )
