"""climb hint: one more hint of the stage in work."""

from __future__ import annotations

from pathlib import Path

import click

from climb.cli.judging import stage_in_work, submission_and_project
from climb.judge import hints

__all__ = ["hint"]


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=".", metavar="[DIR]")
@click.option("--stage", metavar="STAGE", help="Another stage than the one you work on, by its number or id.")
def hint(folder: Path, stage: str | None) -> None:
    """Open the next hint of the stage you work on.

    Hints go from a question to the plain answer, and each call opens one more.

    \b
    Examples:
      climb hint
      climb hint --stage 3
    """
    submission, project = submission_and_project(folder, None)
    number = stage_in_work(submission, project, stage)
    chosen = project.stages[number - 1]
    opened = hints.open_next(submission.climb_folder, chosen)
    click.echo(f"  {number} {chosen.title}\n")
    for position, text in enumerate(opened.hints, 1):
        click.echo(click.wrap_text(f"{position}. {text}", width=100, initial_indent="  ", subsequent_indent="     "))
    left = opened.total - len(opened.hints)
    click.echo(f"\n  {left} more: climb hint" if left else "\n  That was the last one.")
