"""climb shrink: the smallest input that still fails in the same way."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from climb.cli.console import console
from climb.cli.judging import newest_run, submission_and_project
from climb.cli.replay import dir_option, reference_option, show_check
from climb.counted import counted
from climb.judge import runs
from climb.judge.project import Project
from climb.judge.smallest import Found, find_smallest
from climb.judge.submission import Submission

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
    named = newest_run(submission, name)
    verdict = runs.read_verdict(named.folder)
    found = asyncio.run(_search(submission, project, named, seconds))
    show_check(submission, project, verdict, found.result)
    ended = "nothing simpler fails" if found.complete else f"stopped after {seconds:g} s; --seconds gives it longer"
    click.echo(f"\n  The smallest of {counted(found.tried, 'input')} tried ({ended}).")
    click.echo(f"  See it again: climb replay {verdict.seed}-{found.result.number} --smallest")
    return 1


async def _search(submission: Submission, project: Project, named: runs.RunReference, seconds: float) -> Found:
    with console(stderr=True).status("  shrinking …", spinner="line") as status:

        def on_try(tried: int, best: tuple[int, ...]) -> None:
            status.update(
                f"  shrinking: {counted(tried, 'input')} tried, the smallest has {counted(len(best), 'draw')}"
            )

        return await find_smallest(submission, project, named, seconds=seconds, on_try=on_try)
