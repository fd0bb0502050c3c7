"""A run: build a submission, judge its stages in order, keep everything, conclude.

The order is the one that teaches fastest: the stage that the learner works on first, then the earlier ones again (what held may
have been broken meanwhile), then on to the next until one fails.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import secrets
import time
from collections.abc import AsyncIterator, Iterator, Sequence

import msgspec

from climb import __version__
from climb.judge import runs
from climb.judge.build import Build, build
from climb.judge.checking import run_check
from climb.judge.drivers.command import last_lines
from climb.judge.event_log import EventLog
from climb.judge.events import (
    BuildDone,
    BuildStarted,
    CheckDone,
    Event,
    OnEvent,
    RunDone,
    RunStarted,
    StageDone,
    StageStarted,
)
from climb.judge.evidence import Comparison, Output
from climb.judge.project import Project
from climb.judge.stage import Check, Stage
from climb.judge.submission import Submission
from climb.judge.together import given_up
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
    """The number of the stage that the learner works on: the first that the newest whole run did not find holding.

    Once all hold it is 1 again, since then there is nothing left but to see that they still do.
    """
    newest = runs.newest_whole(submission.climb_folder, project.info.slug)
    held = newest.passed if newest else 0
    return held + 1 if held < len(project.stages) else 1


async def run(submission: Submission, project: Project, *, seed: str, plan: Plan, on_event: OnEvent) -> Verdict:
    """Judge ``submission`` and store the verdict in a new run folder. Raises SetupError and UsageError, nothing else."""
    return await _Run(submission, project, seed, plan, on_event).to_its_end()


class _Run:
    """One run in progress: its folder, and the results so far by stage number."""

    def __init__(self, submission: Submission, project: Project, seed: str, plan: Plan, on_event: OnEvent) -> None:
        self.submission = submission
        self.project = project
        self.seed = seed
        self.plan = plan
        self._on_event = on_event
        self.started = dt.datetime.now(dt.UTC)
        self.folder = runs.new_run(submission.climb_folder, self.started.strftime("%Y%m%dT%H%M%S"), seed)
        self.results: dict[int, StageResult] = {}
        self.log = EventLog(self.folder)

    def on_event(self, event: Event) -> None:
        """Keep an event, then tell it."""
        self.log(event)
        self._on_event(event)

    async def to_its_end(self) -> Verdict:
        try:
            return await self._judge()
        finally:
            self.log.close()

    async def _judge(self) -> Verdict:
        self.on_event(RunStarted(self.submission, self.seed, self.folder))
        built = await self._build()
        failure = None if built is None or built.ok else _build_failure(built)
        if failure is None:
            for number in self._order():
                self.results[number] = await self._judge_stage(number)
        verdict = self._conclude(built, failure)
        runs.save_verdict(self.folder, verdict)
        self.on_event(RunDone(verdict, self.folder))
        return verdict

    async def _build(self) -> Build | None:
        if self.submission.build is not None:
            self.on_event(BuildStarted(self.submission.build))
        built = await build(self.submission)
        if built is not None:
            self.on_event(BuildDone(built.ok, built.outcome.seconds if built.outcome else None))
        return built

    def _order(self) -> Iterator[int]:
        """Which stage next; looks at the results so far, so it decides late."""
        total = len(self.project.stages)
        if self.plan.check is not None or self.plan.only is not None:
            stage = self.project.stage(self.plan.only or str(self.plan.check).split(".", maxsplit=1)[0])
            yield self.project.stages.index(stage) + 1
            return
        if self.plan.every:
            yield from range(1, total + 1)
            return
        current = current_stage(self.submission, self.project)
        yield current
        yield from range(1, current)
        following = current + 1
        while following <= total and all(result.status is Status.PASSED for result in self.results.values()):
            yield following
            following += 1

    async def _judge_stage(self, number: int) -> StageResult:
        stage = self.project.stages[number - 1]
        self.on_event(StageStarted(number, stage.title, len(stage.checks)))
        started = time.monotonic()
        tasks = self._begun(stage, number)
        try:
            judged = {check.id: check async for check in self._in_order(number, tasks)}
        finally:
            await given_up(tasks)
        checks = [judged.get(check.id) or _skipped(number, at, check) for at, check in enumerate(stage.checks, 1)]
        result = _stage_result(stage, number, checks, time.monotonic() - started)
        self.on_event(StageDone(result))
        return result

    def _begun(self, stage: Stage, number: int) -> list[asyncio.Task[CheckResult]]:
        """The checks that are wanted, in the order of the stage; those that wait for long go first into a room for several."""
        places = self._room(stage)
        room = asyncio.Semaphore(places)
        wanted = [check for at, check in enumerate(stage.checks, 1) if self.plan.check in (None, f"{number}.{at}")]
        begun = {
            check.id: asyncio.create_task(self._judge_check(stage, check, room))
            for check in sorted(wanted, key=lambda check: places > 1 and not check.early)
        }
        return [begun[check.id] for check in wanted]

    def _room(self, stage: Stage) -> int:
        """How many checks of the stage are judged at the same time; times are compared by one that is alone."""
        return 1 if stage.timed else min(self.project.info.side_by_side, len(os.sched_getaffinity(0)))

    async def _in_order(self, number: int, tasks: Sequence[asyncio.Task[CheckResult]]) -> AsyncIterator[CheckResult]:
        """Tell the results in the order of the stage, each as soon as those before it are there."""
        for task in tasks:
            result = await task
            self.on_event(CheckDone(number, result))
            yield result

    async def _judge_check(self, stage: Stage, check: Check, room: asyncio.Semaphore) -> CheckResult:
        async with room:
            checked = await run_check(self.project, stage, check, self.submission, self.seed)
        if checked.result.status is not Status.PASSED:
            runs.save_traces(self.folder, checked.result.number, checked.traces)
        return checked.result

    def _conclude(self, built: Build | None, failure: CheckResult | None) -> Verdict:
        stages = tuple(_all_results(self.project, self.results))
        return Verdict(
            project=self.project.info.slug,
            submission=os.fsencode(self.submission.folder).decode(errors="backslashreplace"),
            language=self.submission.language,
            seed=self.seed,
            judge=__version__,
            run=self.folder.name,
            started_at=self.started.isoformat(timespec="seconds"),
            build_seconds=round(built.outcome.seconds, 2) if built and built.outcome else None,
            stages=stages,
            passed=stages_held(stages),
            total=len(stages),
            build=failure,
        )


def _stage_result(stage: Stage, number: int, checks: list[CheckResult], seconds: float = 0.0) -> StageResult:
    return StageResult(
        id=stage.id,
        number=number,
        title=stage.title,
        status=worst([check.status for check in checks]),
        concepts=stage.concepts,
        checks=tuple(checks),
        seconds=round(seconds, 3),
    )


def _all_results(project: Project, results: dict[int, StageResult]) -> Iterator[StageResult]:
    for number, stage in enumerate(project.stages, 1):
        skipped = [_skipped(number, position, check) for position, check in enumerate(stage.checks, 1)]
        yield results.get(number) or _stage_result(stage, number, skipped)


def _skipped(number: int, position: int, check: Check) -> CheckResult:
    return CheckResult(id=check.id, number=f"{number}.{position}", status=Status.SKIPPED, claim=check.claim)


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
