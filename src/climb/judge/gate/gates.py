"""The gates themselves, in the order of what they cost."""

from __future__ import annotations

import asyncio
import fnmatch
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from climb.errors import ClimbError, CourseError, SetupError
from climb.judge.gate.findings import Finding, Outcome
from climb.judge.gate.workplace import copied, describe_failure, failed, judges_python, require_tool, verdict_of
from climb.judge.gate.wrong import Render, WrongProgram, judge_wrong, read_all
from climb.judge.project import Project
from climb.judge.run import Plan
from climb.judge.submission import Submission, load as load_submission
from climb.judge.together import given_up
from climb.judge.verdict import Status, Verdict

__all__ = ["GATES", "Ask", "Share", "pass_gates"]

_HINTS = 3
_LANES = (
    2  # checks of wrong programs judged at the same time; more would make the machine too busy for those about time
)
_EXPECTED = {
    "project.toml",
    "brief.md",
    "openapi.yaml",
    "tour.md",
    "driver",
    "races.py",
    "report.py",
    "schedule.py",
    "workload.py",
    "rules",
    "__init__.py",
}
_WRONG_REASONS = {"how the program ended", "the service is ready", "the last line of standard output"}


_Program = TypeVar("_Program")


class Share(msgspec.Struct, frozen=True):
    """The part ``part`` of ``parts`` equal ones, counted from 1: all parts together are the whole."""

    part: int
    parts: int

    def of(self, programs: Sequence[_Program]) -> list[_Program]:
        """Those of this part: each n-th one, so that the programs of a stage are spread over all parts."""
        return list(programs[self.part - 1 :: self.parts])


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What to look at: which project, where its programs are, which names, which share of them, and whether to record."""

    project: Project
    tests: Path
    reference: Submission
    render: Render
    names: tuple[str, ...] = ()
    record: bool = False
    every: bool = False
    share: Share | None = None

    def wants(self, name: str) -> bool:
        """Whether a program of this name was asked for."""
        return not self.names or any(fnmatch.fnmatch(name, pattern) for pattern in self.names)


Gate = Callable[[Ask], AsyncIterator[Finding]]


async def content(ask: Ask) -> AsyncIterator[Finding]:
    """Every stage has hints, a concept and checks; each check has a wrong program; no stray files."""
    project = ask.project
    caught = {program.catches for program in read_all(ask.tests, project.info.slug)}
    for stage in project.stages:
        faults = [] if len(stage.hints) >= _HINTS else [f"{len(stage.hints)} hints, and {_HINTS} are needed"]
        faults += [] if stage.concepts else ["no concept"]
        uncaught = [check.id for check in stage.checks if f"{stage.id}/{check.id}" not in caught]
        unproven = [f"no wrong program for {', '.join(uncaught)}"] if uncaught else []
        if project.info.state == "draft" and unproven and not faults:
            yield Finding(gate="content", subject=stage.id, outcome=Outcome.SKIPPED, detail=f"a draft: {unproven[0]}")
        else:
            yield _finding("content", stage.id, faults + unproven)
    known = {f"{stage.id}/{check.id}" for stage in project.stages for check in stage.checks}
    yield _finding("content", "wrong programs", [f"{name} is no check" for name in sorted(caught - known)])
    yield _finding("content", "files", _stray(project.folder))


async def starters(ask: Ask) -> AsyncIterator[Finding]:
    """Each starter builds, runs, and fails stage 1 since it does not do the work yet."""
    languages = list(ask.project.info.languages)
    for language in ask.share.of(languages) if ask.share else languages:
        if ask.wants(language):
            yield await _judged(
                "starters", language, ask.project.folder / "starters" / language, ask.project, _starter_fault
            )


async def reference(ask: Ask) -> AsyncIterator[Finding]:
    """Our own system holds every stage."""
    if not ask.wants("reference"):
        return
    started = time.monotonic()
    verdict = await verdict_of(ask.reference, ask.project, Plan(every=True))
    yield _held("reference", "reference", verdict, describe_failure, time.monotonic() - started)


async def right(ask: Ask) -> AsyncIterator[Finding]:
    """Right programs hold every stage."""
    folders = sorted(path.parent for path in (ask.tests / "right" / ask.project.info.slug).glob("*/climb.toml"))
    for folder in ask.share.of(folders) if ask.share else folders:
        if ask.wants(folder.name):
            with judges_python():
                found = await _judged("right", folder.name, folder, ask.project, describe_failure)
            yield found


class _Lanes:
    """Room for a few programs at a time, or for one that must be alone."""

    def __init__(self, number: int = _LANES) -> None:
        self._number = number
        self._room = asyncio.Semaphore(number)
        self._gathering = asyncio.Lock()  # of two that each hold a part and want the rest, neither would ever get it

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        async with self._room:
            yield

    @asynccontextmanager
    async def all(self) -> AsyncIterator[None]:
        async with AsyncExitStack() as held:
            async with self._gathering:
                for _ in range(self._number):
                    await held.enter_async_context(self._room)
            yield


async def wrong(ask: Ask) -> AsyncIterator[Finding]:
    """Each wrong program is caught by its check alone, with the recorded report.

    Several are judged side by side, since most of the time is spent in waiting for timeouts. Never two of one stage: with the
    gate's one seed their checks would draw the same addresses.
    """
    lanes = _Lanes(max(_LANES // ask.project.info.side_by_side, 1))
    timed = {stage.id for stage in ask.project.stages if stage.timed}
    stages: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def judged(program: WrongProgram) -> Finding:
        stage = "" if ask.every else program.catches.split("/", maxsplit=1)[0]
        alone = stage in timed or (ask.every and bool(timed))
        async with stages[stage], lanes.all() if alone else lanes.one():
            return await judge_wrong(ask.project, program, ask.render, record=ask.record, every=ask.every)

    wanted = [program for program in read_all(ask.tests, ask.project.info.slug) if ask.wants(program.name)]
    wanted = ask.share.of(wanted) if ask.share else wanted
    with judges_python():
        tasks = [asyncio.create_task(judged(program)) for program in wanted]
        try:
            for finished in asyncio.as_completed(tasks):
                yield await finished
        finally:
            await given_up(tasks)


GATES: dict[str, Gate] = {
    "content": content,
    "starters": starters,
    "reference": reference,
    "right": right,
    "wrong": wrong,
}


async def pass_gates(ask: Ask, names: tuple[str, ...]) -> AsyncIterator[Finding]:
    """Go through the gates named (all without a name), finding by finding."""
    for name, gate in GATES.items():
        if not names or name in names:
            async for finding in gate(ask):
                yield finding


async def _judged(gate: str, name: str, folder: Path, project: Project, fault_of: Callable[[Verdict], str]) -> Finding:
    """Judge a copy of ``folder``; a machine without its language skips it."""
    started = time.monotonic()
    with copied(folder) as copy:
        try:
            submission = load_submission(copy)
            require_tool(project.info, submission.language)
            plan = Plan(only="1") if gate == "starters" else Plan(every=True)
            verdict = await verdict_of(submission, project, plan)
        except SetupError as error:
            return Finding(gate=gate, subject=name, outcome=Outcome.SKIPPED, detail=str(error))
        except ClimbError as error:
            return _finding(gate, name, [str(error)], time.monotonic() - started)
    return _held(gate, name, verdict, fault_of, time.monotonic() - started)


def _held(gate: str, name: str, verdict: Verdict, fault_of: Callable[[Verdict], str], seconds: float) -> Finding:
    """What a verdict means. Where the judge could not tell, and nothing failed, that is said and counted as skipped."""
    fault = fault_of(verdict)
    finding = _finding(gate, name, [fault] if fault else [], seconds)
    if fault and gate != "starters" and verdict.build is None and not failed(verdict):
        return msgspec.structs.replace(finding, outcome=Outcome.SKIPPED)
    return finding


def _starter_fault(verdict: Verdict) -> str:
    if verdict.build is not None:
        return describe_failure(verdict)
    first = verdict.stages[0].checks[0]
    if first.status is not Status.FAILED:
        return f"the first check is {first.status}, and a starter must fail it"
    subject = getattr(first.evidence[0], "subject", "")
    if subject in _WRONG_REASONS or subject.startswith("line "):
        return f"it fails for the wrong reason: {describe_failure(verdict)}"
    return ""


def _stray(folder: Path) -> list[str]:
    names = {path.name for path in folder.iterdir()} - _EXPECTED - {"stages", "stages.py", "starters", "__pycache__"}
    return [f"stray: {name}" for name in sorted(names)]


def _finding(gate: str, subject: str, faults: list[str], seconds: float = 0.0) -> Finding:
    outcome = Outcome.WRONG if faults else Outcome.OK
    return Finding(gate=gate, subject=subject, outcome=outcome, detail="; ".join(faults), seconds=round(seconds, 1))


def require_tests(root: Path) -> Path:
    """The folder with right and wrong programs.

    Raises CourseError in an installed package, which has none.
    """
    tests = root / "tests"
    if not (tests / "wrong").is_dir():
        raise CourseError(f"{tests} has no wrong programs; the gate works in a checkout")
    return tests
