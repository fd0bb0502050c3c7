"""Shrink one failing check of a run: run the program with simpler and simpler inputs, and keep the smallest that still fails."""

from __future__ import annotations

import msgspec

from climb.errors import UsageError
from climb.judge import runs
from climb.judge.build import build
from climb.judge.checking import Checked, run_check
from climb.judge.project import Project
from climb.judge.shrink import Draws, OnTry, Shrunk, shrink
from climb.judge.submission import Submission
from climb.judge.verdict import CheckResult, Status, Verdict

__all__ = ["Found", "build_or_refuse", "failed_check", "find_smallest"]


class Found(msgspec.Struct, frozen=True):
    """The check's result with the smallest input, how many were tried, and whether nothing simpler fails."""

    result: CheckResult
    tried: int
    complete: bool


async def build_or_refuse(submission: Submission) -> None:
    """Build what is there now.

    Raises UsageError if that fails: there is no program then to try inputs with.
    """
    built = await build(submission)
    if built is not None and not built.ok:
        raise UsageError(f"the build fails now: {built.command}", next_step="climb check   (shows why)")


def failed_check(verdict: Verdict, number: str | None) -> str:
    """The number of the check that is meant: the one named, or the first that failed.

    Raises UsageError if there is none.
    """
    failed = verdict.first_failure
    if number is None and failed is None:
        what = "the build failed, so no check ran" if verdict.build else "every check that ran passed"
        raise UsageError(f"in run {verdict.run} {what}: there is nothing to shrink", next_step="climb check")
    if number is None and failed is not None:
        return failed[1].number
    known = {check.number for stage in verdict.stages for check in stage.checks}
    if number not in known:
        raise UsageError(f"run {verdict.run} has no check {number}", next_step="climb list   (names the stages)")
    return str(number)


async def find_smallest(
    submission: Submission, project: Project, reference: runs.RunReference, *, seconds: float, on_try: OnTry
) -> Found:
    """Search for at most about ``seconds`` and keep what was found in the run folder.

    Raises UsageError if the build or the check does not fail in the same way now.
    """
    verdict = runs.read_verdict(reference.folder)
    number = failed_check(verdict, reference.check)
    await build_or_refuse(submission)
    smallest, done = await _search(submission, project, verdict.seed, number, seconds, on_try)
    runs.save_smallest(
        reference.folder, number, runs.Smallest(choices=done.best, tried=done.tried, result=smallest.result)
    )
    return Found(smallest.result, done.tried, done.complete)


async def _search(
    submission: Submission, project: Project, seed: str, number: str, seconds: float, on_try: OnTry
) -> tuple[Checked, Shrunk]:
    stage_number, position = (int(part) for part in number.split("."))
    stage = project.stages[stage_number - 1]
    check = stage.checks[position - 1]
    first = await run_check(project, stage, check, submission, seed)
    if first.result.status is not Status.FAILED:
        raise UsageError(
            f"check {number} does not fail now: it is {first.result.status}",
            next_step="climb check   (judges the program as it is now)",
        )
    smallest = first
    lists = {first.result.choices: first.lists}

    async def still_fails(draws: Draws) -> Draws | None:
        nonlocal smallest
        checked = await run_check(project, stage, check, submission, seed, forced=draws)
        if checked.result.status is not Status.FAILED or checked.subject != first.subject:
            return None
        drawn = checked.result.choices
        lists[drawn] = checked.lists
        if (len(drawn), drawn) < (len(smallest.result.choices), smallest.result.choices):
            smallest = checked
        return drawn

    done = await shrink(
        first.result.choices, still_fails, seconds=seconds, on_try=on_try, lists=lambda draws: lists.get(draws, ())
    )
    return smallest, done
