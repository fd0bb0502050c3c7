"""Wrong programs: right programs with one planted bug. They prove that a check can fail, and what the learner then reads.

    # tests/wrong/scanner/refused-is-open.toml
    base = "python-asyncio"                               a right program under tests/right/scanner
    catches = "open-port/the-open-port-is-reported"
    bug = "Takes a refused connection for an open port."
    [[change]]
    file = "scanner.py"
    old = 'state = "closed"'
    new = 'state = "open"'

A program that is no variation of a right one can stand in a folder of the same name instead of ``base`` and ``change``. Beside the
description lies the report that a learner would read, as it was recorded (``climb dev check --record``). Numbers in it depend on
the machine and are not compared.
"""

from __future__ import annotations

import difflib
import re
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import msgspec

from climb.errors import CourseError, SetupError
from climb.judge.gate.findings import Finding, Outcome
from climb.judge.gate.workplace import copied, describe_failure, failed, require_tool, untold, verdict_of
from climb.judge.project import Project
from climb.judge.run import Plan
from climb.judge.submission import load as load_submission
from climb.judge.verdict import StageResult, Status, Verdict

__all__ = ["Render", "WrongProgram", "judge_wrong", "normalised", "read_all"]

_GATE = "wrong"
_DRAWN = re.compile(
    r"^( {8}(?:table|timeline|sequence|plot|latencies) .*\n)(?: {10}.*\n)+", re.MULTILINE
)  # by the margin that the report gives it
_SAID = re.compile(r"^ {8}exchange .*\n(?: {10}.*\n)*", re.MULTILINE)
_TAIL = re.compile(r"^( {8}service .*\n(?: {10}.*\n)*) {8}the program's last lines:\n(?: {8}\|.*\n)+", re.MULTILINE)
_ALSO = re.compile(r"^ {18}also:\n(?: {18}.*\n)+", re.MULTILINE)  # what else does not hold
_DATE = re.compile(r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z][a-z] \d{4}")  # of HTTP: whatever day it is
_DIGITS = re.compile(
    r"(?<![0-9A-Za-z])(?=[0-9a-f]*[0-9])[0-9a-f]{10,}(?![0-9A-Za-z])"
)  # ids and passwords in hexadecimal
_LETTERS = re.compile(
    r"(?=[\w-]*[0-9])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?<![\w-])[\w-]{22,}", re.ASCII
)  # tokens in base64url
_CODE = re.compile(
    r'(?:"code\\*":\s*\\*"|Location:\s+/\S*/)([\w-]+)'
)  # in JSON, also in a text that is itself quoted, and where a thing that was made is
Render = Callable[[Verdict], str]  # the report of the first failure, as a learner reads it


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Text that stands exactly once in a file of the base, and what replaces it."""

    file: str
    old: str
    new: str


class _Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    catches: str
    bug: str
    base: str | None = None
    change: tuple[Change, ...] = ()


class WrongProgram(msgspec.Struct, frozen=True):
    """One wrong program: its description, and where it and its right base are."""

    name: str
    path: Path
    catches: str
    bug: str
    source: Path
    changes: tuple[Change, ...]

    @property
    def report_path(self) -> Path:
        """The recorded report."""
        return self.path.with_suffix(".report.txt")

    def plant(self, folder: Path) -> None:
        """Put the bug into a copy of the base.

        Raises CourseError if the text to change is not there exactly once: the base has moved on.
        """
        for change in self.changes:
            path = folder / change.file
            text = path.read_text(encoding="utf-8")
            if text.count(change.old) != 1:
                raise CourseError(
                    f"{self.path}: this text stands {text.count(change.old)} times in {change.file}:\n{change.old}"
                )
            path.write_text(text.replace(change.old, change.new), encoding="utf-8")


def read_all(tests: Path, slug: str) -> list[WrongProgram]:
    """All wrong programs of a project, by name.

    Raises CourseError naming the file whose description is wrong.
    """
    return [_read(path, tests / "right" / slug) for path in sorted((tests / "wrong" / slug).glob("*.toml"))]


async def judge_wrong(project: Project, program: WrongProgram, render: Render, *, record: bool, every: bool) -> Finding:
    """Judge one wrong program on the stage whose check should catch it (or on all stages)."""
    started = time.monotonic()
    with copied(program.source) as folder:
        program.plant(folder)
        submission = load_submission(folder)
        plan = Plan(every=True) if every else Plan(only=program.catches.split("/", maxsplit=1)[0])
        try:
            require_tool(project.info, submission.language)
            verdict = await verdict_of(submission, project, plan)
        except SetupError as error:
            return _finding(program, Outcome.SKIPPED, str(error), started)
        if program.catches in untold(verdict) and not failed(verdict):
            return _finding(program, Outcome.SKIPPED, describe_failure(verdict), started)
        complaint = _complaint(program, verdict, render, record=record)
    return _finding(
        program, Outcome.WRONG if complaint else Outcome.OK, complaint or f"caught by {program.catches}", started
    )


def normalised(report: str) -> list[str]:
    """A report without what differs from run to run: numbers, ids and tokens, how lists and lines wrap with them, and how drawings look."""
    text = _SAID.sub("", report)  # which connection spoke last, and in how many pieces, is up to the kernel
    text = _TAIL.sub(_without_tail, text)
    text = _DRAWN.sub(r"\1 DRAWN\n", _ALSO.sub("", text))
    for code in set(_CODE.findall(text)):  # drawn by the program
        text = re.sub(rf"\b{re.escape(code)}\b", "CODE", text)
    text = re.sub(r"/\S+/", "/…/", text)
    text = re.sub(r"\b[0-9a-f]{4}-\d+\.\d+", "RUN", text)
    text = re.sub(r"[▁▂▃▄▅▆▇█]+", "▁", text)  # a series, drawn
    text = _LETTERS.sub("RANDOM", _DIGITS.sub("RANDOM", text))
    text = re.sub(r"\d+", "#", _DATE.sub("DATE", " ".join(text.split())))
    text = re.sub(r"#(?:[ ,.:~-]*#)*", "#", text)
    return re.sub(r"\^+ ", "", text).split(". ")


def _without_tail(match: re.Match[str]) -> str:
    """What a service that went on said last depends on the moment; what one said that ended is why it did."""
    went_on = "ended with the check" in " ".join(match[1].split())
    return match[1] if went_on else match[0]


def _without_untold(verdict: Verdict) -> Verdict:
    """The same without checks about which the judge could not tell: the report is of the one that caught the program."""
    return msgspec.structs.replace(verdict, stages=tuple(_told(stage) for stage in verdict.stages))


def _told(stage: StageResult) -> StageResult:
    told = (
        msgspec.structs.replace(check, status=Status.SKIPPED) if check.status is Status.UNKNOWN else check
        for check in stage.checks
    )
    return msgspec.structs.replace(stage, checks=tuple(told))


def _anywhere(report: str) -> str:
    """A report without where Python is on this machine, as tracebacks have it."""
    return report.replace(sys.prefix, "/venv").replace(sys.base_prefix, "/python")


def _read(path: Path, right: Path) -> WrongProgram:
    try:
        found = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _Description)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise CourseError(f"{path}: {error}") from error
    source = right / found.base if found.base else path.with_suffix("")
    if not source.is_dir():
        raise CourseError(f"{path}: there is no program in {source}")
    return WrongProgram(path.stem, path, found.catches, found.bug, source, found.change)


def _complaint(program: WrongProgram, verdict: Verdict, render: Render, *, record: bool) -> str | None:
    caught = failed(verdict)
    if caught != [program.catches]:
        return f"should be caught by {program.catches} alone, but did not pass: {', '.join(caught) or 'nothing'}"
    report = render(_without_untold(verdict))
    if record:
        program.report_path.write_text(_anywhere(report), encoding="utf-8")
        return None
    if not program.report_path.exists():
        return f"no recorded report; look at it and record it: climb dev check --record {program.name}"
    recorded = normalised(program.report_path.read_text(encoding="utf-8"))
    now = normalised(report)
    if recorded == now:
        return None
    difference = "\n".join(difflib.unified_diff(recorded, now, "recorded", "now", lineterm="", n=0))
    return f"the report differs from the recorded one:\n{difference}"


def _finding(program: WrongProgram, outcome: Outcome, detail: str, started: float) -> Finding:
    return Finding(
        gate=_GATE, subject=program.name, outcome=outcome, detail=detail, seconds=round(time.monotonic() - started, 2)
    )
