"""climb check: build, start and judge a submission."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import click

from climb.cli.complete import projects
from climb.cli.judging import Live, judge, submission_and_project
from climb.errors import ClimbError
from climb.judge.project import Project
from climb.judge.run import Plan, new_seed, run
from climb.judge.submission import Submission

__all__ = ["check", "seed_option"]


class _Seed(click.ParamType[str]):
    """Four to eight hexadecimal digits."""

    name = "seed"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not re.fullmatch(r"[0-9a-f]{4,8}", value):
            self.fail(f"{value!r} is not a seed; a seed is four to eight hexadecimal digits, such as 41c2", param, ctx)
        return value


seed_option = click.option(
    "--seed", type=_Seed(), metavar="HEX", help="Draw the inputs of this seed (printed by every run)."
)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=".", metavar="[DIR]")
@click.option("--all", "every", is_flag=True, help="Judge every stage, whatever fails.")
@click.option("--stage", metavar="STAGE", help="Judge one stage only, by its number or id.")
@seed_option
@click.option("--watch", is_flag=True, help="Judge again whenever a file changes; Ctrl-C ends it.")
@click.option("--json", is_flag=True, help="Print the verdict document and nothing else.")
@click.option(
    "--reference",
    metavar="PROJECT",
    shell_complete=projects,
    help="Judge our own system for this project instead of a folder.",
)
def check(
    folder: Path, every: bool, stage: str | None, seed: str | None, watch: bool, json: bool, reference: str | None
) -> int:
    """Build, start and judge the program in DIR (by default this folder).

    The stage you work on comes first, then the earlier ones again, then the next ones until one fails. Every input is
    random; the seed that is printed draws the same ones again.

    \b
    Examples:
      climb check                        judge this folder
      climb check --watch                and again on every save
      climb check --stage 3              only stage 3
      climb check --seed 41c2            with the inputs of an earlier run
      climb check --json | jq .passed    for scripts
      climb check --reference scanner    watch our own scanner being judged

    \b
    Exit codes:
      0 all held · 1 the program failed · 2 wrong usage · 3 something is missing on this machine
      4 the judge could not tell, or is at fault
    """
    submission, project = submission_and_project(folder, reference)
    if stage is not None:
        project.stage(stage)  # an unknown stage is refused before anything is built
    plan = Plan(every=every, only=stage)
    if watch:
        return _watch(submission, project, plan, seed, json=json)
    return judge(submission, project, seed=seed or new_seed(), plan=plan, json=json).exit_code


def _watch(submission: Submission, project: Project, plan: Plan, seed: str | None, *, json: bool) -> int:
    """Judge now and after each change until Ctrl-C, which ends it with 0: that is how watching ends."""
    try:
        asyncio.run(_watch_loop(submission, project, plan, seed, json=json))
    except KeyboardInterrupt:
        click.echo("\nstopped watching", err=True)
    return 0


async def _watch_loop(submission: Submission, project: Project, plan: Plan, seed: str | None, *, json: bool) -> None:
    from climb.judge.watch import changes

    watched = changes(submission, asyncio.Event())  # from now on: a save during the first run counts
    await _judge_once(submission, project, plan, seed, json=json)
    async for changed in watched:
        click.echo(f"\n  changed: {', '.join(changed[:5])}\n", err=True)
        await _judge_once(submission, project, plan, seed, json=json)


async def _judge_once(submission: Submission, project: Project, plan: Plan, seed: str | None, *, json: bool) -> None:
    """One run; what is wrong with the folder is said, and watching goes on, since the next save may mend it."""
    live = Live(submission, project, plan, json=json)
    try:
        if submission.state is None and (submission.folder / "climb.toml").exists():
            submission, project = submission_and_project(submission.folder, None)
        await run(submission, project, seed=seed or new_seed(), plan=plan, on_event=live)
    except ClimbError as error:
        live.close()
        click.echo(f"climb: {error}" + (f"\n  try: {error.next_step}" if error.next_step else ""), err=True)
    finally:
        live.close()
    click.echo("\n  watching for changes; Ctrl-C ends", err=True)
