"""A run as a page shows it, made from its events so far or from its verdict; both look the same in the end."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from climb.judge.events import BuildDone, BuildStarted, CheckDone, Event, RunDone, RunStarted, StageDone, StageStarted
from climb.judge.project import Project
from climb.judge.verdict import CheckResult, StageResult, Status, Verdict

__all__ = ["Picture", "StagePicture", "State"]


class State(StrEnum):
    """How a stage stands: waiting or running, then one of the verdict's words."""

    WAITING = "waiting"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    JUDGE_ERROR = "judge_error"


class StagePicture(msgspec.Struct):
    """One stage: how it stands, and the results of its checks so far."""

    id: str
    number: int
    title: str
    concepts: tuple[str, ...]
    total: int
    state: State = State.WAITING
    seconds: float = 0.0
    checks: list[CheckResult] = []

    @property
    def failures(self) -> list[CheckResult]:
        """The checks that did not pass."""
        return [check for check in self.checks if check.status not in (Status.PASSED, Status.SKIPPED)]


class Picture:
    """A run of ``project``; ``apply`` its events in order, or make it whole with ``of_verdict``."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.seed = ""
        self.language = ""
        self.submission = ""
        self.build_command: str | None = None
        self.build = ""
        self.announcement = ""  # for those who listen to the page: stages and the end, not every check
        self.verdict: Verdict | None = None
        self.stages = [
            StagePicture(stage.id, number, stage.title, stage.concepts, len(stage.checks))
            for number, stage in enumerate(project.stages, 1)
        ]

    @classmethod
    def of_verdict(cls, project: Project, verdict: Verdict) -> Picture:
        """The run whose verdict this is."""
        picture = cls(project)
        picture.conclude(verdict)
        return picture

    def apply(self, events: Sequence[Event]) -> set[str]:
        """Take events in; returns what of the page they change: ``head``, ``say``, ``stage-3``, ``report``."""
        changed: set[str] = set()
        for event in events:
            changed |= self._apply(event)
        return changed

    def conclude(self, verdict: Verdict) -> None:
        """The verdict is the last word on everything."""
        self.verdict = verdict
        failing = verdict.first_failure
        fails = f" {failing[1].number} fails: {failing[1].claim}" if failing else ""
        self.announcement = _conclusion(verdict) + fails
        self.seed, self.language, self.submission = verdict.seed, verdict.language, verdict.submission
        if verdict.build is not None:
            self.build = "the build failed"
        else:
            self.build = "" if verdict.build_seconds is None else f"built in {verdict.build_seconds:.1f} s"
        # A verdict of an earlier version of the project may have other stages than the project has now.
        self.stages = [_stage_of(result) for result in verdict.stages]

    @property
    def all_parts(self) -> set[str]:
        """The names of everything on the page that can change."""
        return {"head", "say", "report", *(f"stage-{stage.number}" for stage in self.stages)}

    @property
    def done(self) -> bool:
        """Whether the verdict is there."""
        return self.verdict is not None

    @property
    def first_failure(self) -> tuple[StagePicture, CheckResult] | None:
        """The earliest stage with a check that did not pass, and that check."""
        return next(((stage, stage.failures[0]) for stage in self.stages if stage.failures), None)

    @property
    def sentence(self) -> str:
        """How it stands, in words."""
        if self.verdict is not None:
            return _conclusion(self.verdict)
        running = next((stage for stage in self.stages if stage.state is State.RUNNING), None)
        if running is not None:
            return f"Stage {running.number}, {running.title}: {len(running.checks)} of {running.total} checks done."
        if self.build_command is not None and not self.build:
            return f"Building: {self.build_command}"
        return "Starting."

    def _apply(self, event: Event) -> set[str]:
        if (number := _stage_number(event)) is not None and number > len(self.stages):
            return set()  # told by a version of the project that had more stages
        match event:
            case RunStarted():
                self.seed, self.language = event.seed, event.submission.language
                self.submission = str(event.submission.folder)
            case BuildStarted():
                self.build_command = event.command
            case BuildDone():
                took = (
                    "not built again: nothing changed" if event.seconds is None else f"built in {event.seconds:.1f} s"
                )
                self.build = took if event.ok else "the build failed"
            case StageStarted():
                self._stage(event.number).state = State.RUNNING
                return {"head", f"stage-{event.number}"}
            case CheckDone():
                stage = self._stage(event.stage)
                stage.checks = [*stage.checks, event.result]
                stage.seconds += event.result.seconds
                failed = event.result.status is not Status.PASSED
                return {"head", f"stage-{event.stage}"} | ({"report"} if failed else set())
            case StageDone():
                self._stage(event.result.number).state = State(event.result.status.value)
                self.announcement = f"Stage {event.result.number}, {event.result.title}: {event.result.status.value}."
                return {"head", "say", f"stage-{event.result.number}"}
            case RunDone():
                self.conclude(event.verdict)
                return self.all_parts
        return {"head"}

    def _stage(self, number: int) -> StagePicture:
        return self.stages[number - 1]


def _stage_number(event: Event) -> int | None:
    match event:
        case StageStarted():
            return event.number
        case CheckDone():
            return event.stage
        case StageDone():
            return event.result.number
    return None


def _stage_of(result: StageResult) -> StagePicture:
    return StagePicture(
        id=result.id,
        number=result.number,
        title=result.title,
        concepts=result.concepts,
        total=len(result.checks),
        state=State(result.status.value),
        seconds=result.seconds,
        checks=list(result.checks),
    )


def _conclusion(verdict: Verdict) -> str:
    if verdict.build is not None:
        return "The build failed, so nothing was judged."
    if verdict.passed == verdict.total:
        return f"All {verdict.total} stages hold."
    if not verdict.whole:
        judged = [stage for stage in verdict.stages if stage.status is not Status.SKIPPED]
        held = sum(stage.status is Status.PASSED for stage in judged)
        return f"{held} of {len(judged)} judged {'stage' if len(judged) == 1 else 'stages'} held."
    following = verdict.stages[verdict.passed]
    return f"{verdict.passed} of {verdict.total} stages hold. Next: {following.number} {following.title}."
