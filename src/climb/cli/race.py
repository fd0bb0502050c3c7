"""climb race: a learner's program and our own system, in turns, and the ratio."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from climb.cli.check import seed_option
from climb.cli.console import print_json
from climb.cli.judging import submission_and_project
from climb.cli.race_report import Progress, StagesLive, print_racing
from climb.errors import SetupError
from climb.home import home_folder
from climb.judge.build import build
from climb.judge.drivers.command import last_lines
from climb.judge.reference import reference_submission
from climb.judge.run import new_seed
from climb.judge.submission import Submission
from climb.races.document import Racing
from climb.races.known import chosen
from climb.races.running import Ask, made_known, run

__all__ = ["race"]


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=".", metavar="[DIR]")
@click.option("--race", "only", metavar="ID", help="Run one race only.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=1),
    default=60.0,
    show_default=True,
    help="Time for the heats of all races together.",
)
@seed_option
@click.option("--json", is_flag=True, help="Print the document of the races and nothing else.")
def race(folder: Path, only: str | None, seconds: float, seed: str | None, json: bool) -> int:
    """Race the program in DIR (by default this folder) against our own system.

    Both do the same work on this machine in turns, and each heat counts only if the work was done right. What is told is how many times as
    good yours is, with a 95 % interval; or that the machine is too noisy to say, and why. A race waits for the stages that it needs; those of
    which nothing is known since the program changed are judged first.

    \b
    Examples:
      climb race                         all races of this project: a minute of heats
      climb race --race small-answers    one of them
      climb race --seconds 300           narrower intervals
      climb race --json | jq '.races[] | {id, ratio}'

    \b
    Exit codes:
      0 no heat was wrong, whether there is a ratio or too much noise
      1 the program did the work wrongly, does not build, or a stage that every race needs does not hold
      2 wrong usage · 3 something is missing on this machine · 4 a mistake of the judge
    """
    submission, project = submission_and_project(folder, None)
    races = chosen(project, only)
    ours, _ = reference_submission(home_folder(), project.info.slug)
    ask = Ask(project=project, races=races, yours=submission, ours=ours, seed=seed or new_seed(), seconds=seconds)
    racing = asyncio.run(_race(ask, json=json))
    if racing is None:
        return 1
    if json:
        print_json(racing)
    else:
        print_racing(racing, submission.folder)
    return racing.exit_code


async def _race(ask: Ask, *, json: bool) -> Racing | None:
    """Build both, judge what is not known, race; None if the learner's program does not build."""
    if not await _builds(ask.yours):
        return None
    if not await _builds(ask.ours):
        raise SetupError(
            "our own system for this project does not build",
            next_step=f"climb check --reference {ask.project.info.slug}",
        )
    known = await made_known(ask, StagesLive(ask.yours, quiet=json))
    with Progress() as progress:
        return await run(ask, known, progress)


async def _builds(submission: Submission) -> bool:
    built = await build(submission)
    if built is None or built.ok:
        return True
    assert built.outcome is not None
    lines = last_lines(built.outcome.stderr) or last_lines(built.outcome.stdout)
    click.echo(f"climb: the build failed: {built.command}\n" + "\n".join(f"  | {line}" for line in lines), err=True)
    return False
