"""climb replay: judge again with the inputs of an earlier run."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from climb import __version__
from climb.cli.console import console, symbols
from climb.cli.judging import judge, newest_run, submission_and_project
from climb.cli.report import Reporter
from climb.errors import UsageError
from climb.judge import hints, runs
from climb.judge.checking import run_check
from climb.judge.project import Project
from climb.judge.run import Plan
from climb.judge.smallest import build_or_refuse, failed_check
from climb.judge.submission import Submission
from climb.judge.verdict import Status, Verdict

__all__ = ["replay", "show_check"]

dir_option = click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path),
    default=".",
    help="The submission's folder (by default this one).",
)
reference_option = click.option("--reference", metavar="PROJECT", help="A run of our own system for this project.")


@click.command()
@click.argument("name", metavar="[RUN]", required=False)
@dir_option
@reference_option
@click.option("--smallest", is_flag=True, help="Use the smallest failing input that climb shrink found.")
@click.option("--json", is_flag=True, help="Print the verdict document and nothing else.")
def replay(name: str | None, folder: Path, reference: str | None, smallest: bool, json: bool) -> int:
    """Judge again with the inputs of an earlier run (by default the newest).

    RUN is what a report prints: 41c2 for a whole run, 41c2-3.2 for its check 3.2.

    \b
    Examples:
      climb replay 41c2-3.2              the one check, the same inputs
      climb replay 41c2                  the whole run
      climb replay 41c2-3.2 --smallest   what climb shrink found for it
    """
    submission, project = submission_and_project(folder, reference)
    reference_ = newest_run(submission, name)
    verdict = runs.read_verdict(reference_.folder)
    if verdict.judge != __version__:
        click.echo(f"note: that run was judged by version {verdict.judge}, this is {__version__}", err=True)
    if smallest and json:
        raise UsageError("--smallest judges one input and makes no verdict document, so it has no --json")
    if smallest:
        return _replay_smallest(submission, project, reference_, verdict)
    plan = Plan(every=True) if reference_.check is None else Plan(check=failed_check(verdict, reference_.check))
    return judge(submission, project, seed=verdict.seed, plan=plan, json=json).exit_code


def _replay_smallest(submission: Submission, project: Project, reference: runs.RunReference, verdict: Verdict) -> int:
    number = failed_check(verdict, reference.check)
    found = runs.read_smallest(reference.folder, number)
    stage_number, position = (int(part) for part in number.split("."))
    stage = project.stages[stage_number - 1]
    asyncio.run(build_or_refuse(submission))
    checked = asyncio.run(
        run_check(project, stage, stage.checks[position - 1], submission, verdict.seed, forced=found.choices)
    )
    show_check(submission, project, verdict, checked.result)
    return {Status.PASSED: 0, Status.FAILED: 1}.get(checked.result.status, 4)


def show_check(submission: Submission, project: Project, verdict: Verdict, result: object) -> None:
    """The report of one check that was judged outside of a whole run."""
    from climb.judge.verdict import CheckResult

    assert isinstance(result, CheckResult)
    report = Reporter(console(), symbols(), submission.folder)
    stage = project.stages[int(result.number.split(".")[0]) - 1]
    shown = next(found for found in verdict.stages if found.id == stage.id)
    if result.status is Status.PASSED:
        console().print(f"  {symbols().passed} {result.number}  {result.claim}")
        return
    report.failure(shown, result, verdict, hints_left=hints.left(submission.climb_folder, stage))
