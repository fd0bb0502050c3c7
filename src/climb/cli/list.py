"""climb list: the projects and their stages, with progress."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from climb.cli.complete import projects
from climb.cli.console import symbols
from climb.errors import UsageError
from climb.judge import runs
from climb.judge.project import Project, load, slugs
from climb.judge.submission import load as load_submission
from climb.judge.verdict import Verdict

__all__ = ["list_command"]


@click.command("list")
@click.argument("project", required=False, shell_complete=projects)
@click.option("--json", is_flag=True, help="Print a JSON document.")
def list_command(project: str | None, json: bool) -> None:
    """List the projects, or the stages of one PROJECT; in a submission's folder with its progress.

    \b
    Examples:
      climb list
      climb list scanner
    """
    chosen = [load(project)] if project else [load(slug) for slug in slugs()]
    progress = _progress_here()
    if json:
        sys.stdout.buffer.write(msgspec.json.encode([_document(each, progress) for each in chosen]) + b"\n")
        return
    for each in chosen:
        _print(each, progress, stages=project is not None or len(chosen) == 1)


def _progress_here() -> Verdict | None:
    """How far the submission in this folder is, if there is one."""
    try:
        submission = load_submission(Path.cwd())
    except UsageError:
        return None
    return runs.newest_whole(submission.climb_folder, submission.project)


def _print(project: Project, progress: Verdict | None, *, stages: bool) -> None:
    info = project.info
    here = progress if progress is not None and progress.project == info.slug else None
    state = f"{here.passed} of {here.total} stages hold here" if here else _stages(len(project.stages))
    click.echo(f"\n  {click.style(info.slug, bold=True)}   {info.title} (module {info.module})   {state}")
    click.echo(f"  {info.summary}")
    if stages:
        for number, stage in enumerate(project.stages, 1):
            held = here is not None and number <= here.passed
            sign = symbols().passed if held else symbols().waiting
            click.echo(f"    {sign} {number:>2} {stage.title:<32} {', '.join(stage.concepts)}")
    languages = ", ".join(info.languages)
    click.echo(f"\n  begin: climb start {info.slug} --lang LANGUAGE   ({languages})")


def _stages(count: int) -> str:
    return "1 stage" if count == 1 else f"{count} stages"


def _document(project: Project, progress: Verdict | None) -> dict[str, object]:
    here = progress if progress is not None and progress.project == project.info.slug else None
    return {
        "slug": project.info.slug,
        "title": project.info.title,
        "module": project.info.module,
        "state": project.info.state,
        "languages": list(project.info.languages),
        "stages": [
            {
                "id": stage.id,
                "number": number,
                "title": stage.title,
                "concepts": stage.concepts,
                "checks": len(stage.checks),
            }
            for number, stage in enumerate(project.stages, 1)
        ],
        "passed_here": here.passed if here else None,
    }
