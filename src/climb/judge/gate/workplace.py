"""A copy of a program's folder to build and judge, so that nothing is left in the checkout."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from climb.errors import SetupError
from climb.judge.build import LARGE_FOLDERS
from climb.judge.events import Event
from climb.judge.project import Project, ProjectInfo
from climb.judge.run import Plan, run
from climb.judge.submission import Submission
from climb.judge.verdict import Status, Verdict

__all__ = ["SEED", "copied", "describe_failure", "failed", "judges_python", "require_tool", "untold", "verdict_of"]

SEED = "c0de"  # the gate judges with one seed, so that a finding can be repeated


@contextlib.contextmanager
def copied(folder: Path) -> Iterator[Path]:
    """A throw-away copy of ``folder`` without what builds leave."""
    with tempfile.TemporaryDirectory(prefix="climb-gate-") as scratch:
        target = Path(scratch) / folder.name
        shutil.copytree(folder, target, ignore=shutil.ignore_patterns(*LARGE_FOLDERS))
        yield target


@contextlib.contextmanager
def judges_python() -> Iterator[None]:
    """In the block ``python3`` is the judge's own, with the packages that are locked: right programs may import those, and no others."""
    before = os.environ.get("PATH")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), *([before] if before else [])])
    try:
        yield
    finally:
        if before is None:
            del os.environ["PATH"]
        else:
            os.environ["PATH"] = before


def require_tool(info: ProjectInfo, language: str) -> None:
    """Raises SetupError naming the first tool of a language that this machine lacks."""
    known = info.languages.get(language)
    missing = next((tool for tool in known.needs if shutil.which(tool) is None), None) if known else None
    if missing is not None:
        raise SetupError(f"{missing} is not installed")


async def verdict_of(submission: Submission, project: Project, plan: Plan) -> Verdict:
    """Judge quietly, with the gate's seed."""

    def ignore(_event: Event) -> None:
        """The gate reports findings, not events."""

    return await run(submission, project, seed=SEED, plan=plan, on_event=ignore)


def describe_failure(verdict: Verdict) -> str:
    """The first check that did not pass, in a line."""
    if verdict.build is not None:
        return f"the build failed: {verdict.build.claim}"
    first = verdict.first_failure
    if first is None:
        return ""
    stage, check = first
    reason = next((line for piece in check.evidence for line in _reasons(piece)), "")
    return f"{stage.id}/{check.id} is {check.status}: {reason}"


def _reasons(piece: object) -> list[str]:
    received = getattr(piece, "received", None)
    if received is not None:
        return [f"{getattr(piece, 'subject', '')}: expected {getattr(piece, 'expected', '')}, received {received}"]
    lines = getattr(piece, "lines", ())
    return [lines[-1]] if lines else []


def failed(verdict: Verdict) -> list[str]:
    """``stage/check`` of each check that did not hold; one about which the judge could not tell says nothing."""
    return _those(verdict, Status.FAILED, Status.JUDGE_ERROR)


def untold(verdict: Verdict) -> list[str]:
    """``stage/check`` of each check about which the judge could not tell, here and now."""
    return _those(verdict, Status.UNKNOWN)


def _those(verdict: Verdict, *statuses: Status) -> list[str]:
    return [f"{stage.id}/{check.id}" for stage in verdict.stages for check in stage.checks if check.status in statuses]
