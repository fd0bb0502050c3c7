"""climb shrink: the smallest input that still fails in the same way."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from climb.cli.console import console
from climb.cli.judging import newest_run, submission_and_project
from climb.cli.replay import build_or_refuse, dir_option, failed_check, reference_option, show_check
from climb.errors import UsageError
from climb.judge import runs
from climb.judge.checking import Checked, run_check
from climb.judge.project import Project
from climb.judge.shrink import Draws, Shrunk, shrink as search
from climb.judge.submission import Submission
from climb.judge.verdict import Status, Verdict

__all__ = ["shrink"]


@click.command()
@click.argument("name", metavar="[RUN]", required=False)
@dir_option
@reference_option
@click.option(
    "--seconds",
    metavar="S",
    type=click.FloatRange(min=1),
    default=60.0,
    show_default=True,
    help="Stop searching after this time.",
)
def shrink(name: str | None, folder: Path, reference: str | None, seconds: float) -> int:
    """Find the smallest input with which the check still fails in the same way.

    RUN is what a report prints, such as 41c2-3.2; without a check its first failure is meant, without a run the newest.
    Your program is run again and again with simpler inputs, so fix nothing meanwhile.

    \b
    Examples:
      climb shrink 41c2-3.2
      climb replay 41c2-3.2 --smallest     see it fail with that input again
    """
    submission, project = submission_and_project(folder, reference)
    found = newest_run(submission, name)
    verdict = runs.read_verdict(found.folder)
    number = failed_check(verdict, found.check)
    smallest, done = asyncio.run(_search(submission, project, verdict, number, seconds))
    runs.save_smallest(found.folder, number, runs.Smallest(choices=done.best, tried=done.tried, result=smallest.result))
    show_check(submission, project, verdict, smallest.result)
    ended = "nothing simpler fails" if done.complete else f"stopped after {seconds:g} s; --seconds gives it longer"
    click.echo(f"\n  The smallest of {done.tried} inputs tried ({ended}).")
    click.echo(f"  See it again: climb replay {verdict.seed}-{number} --smallest")
    return 1


async def _search(
    submission: Submission, project: Project, verdict: Verdict, number: str, seconds: float
) -> tuple[Checked, Shrunk]:
    await build_or_refuse(submission)
    stage_number, position = (int(part) for part in number.split("."))
    stage = project.stages[stage_number - 1]
    check = stage.checks[position - 1]
    first = await run_check(project, stage, check, submission, verdict.seed)
    if first.result.status is not Status.FAILED:
        raise UsageError(
            f"check {number} does not fail now: it is {first.result.status}",
            next_step="climb check   (judges the program as it is now)",
        )
    smallest = first

    async def still_fails(draws: Draws) -> Draws | None:
        nonlocal smallest
        checked = await run_check(project, stage, check, submission, verdict.seed, forced=draws)
        if checked.result.status is not Status.FAILED or checked.subject != first.subject:
            return None
        drawn = checked.result.choices
        if (len(drawn), drawn) < (len(smallest.result.choices), smallest.result.choices):
            smallest = checked
        return drawn

    with console(stderr=True).status("  shrinking …", spinner="line") as status:

        def on_try(tried: int, best: Draws) -> None:
            status.update(f"  shrinking: {tried} inputs tried, the smallest has {len(best)} draws")

        done = await search(first.result.choices, still_fails, seconds=seconds, on_try=on_try)
    return smallest, done
