"""climb start: a new folder with a starter."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from climb.cli.complete import languages, projects
from climb.errors import UsageError
from climb.home import home_folder
from climb.judge.project import find
from climb.judge.starter import contract_files, make_folder
from climb.progress.folders import remember

__all__ = ["start"]


@click.command()
@click.argument("project", metavar="PROJECT", shell_complete=projects)
@click.option(
    "--lang",
    "language",
    metavar="LANGUAGE",
    shell_complete=languages,
    help="The starter's language; climb list names them.  [required]",
)
@click.argument("folder", type=click.Path(path_type=Path), required=False, metavar="[DIR]")
def start(project: str, language: str | None, folder: Path | None) -> None:
    """Make the folder DIR (by default named like the project) with a starter that fails stage 1 for the right reason.

    \b
    Examples:
      climb start scanner --lang rust
      climb start scanner --lang go ~/code/my-scanner

    Any other language works too: make a folder with a climb.toml that says how to build and run your program.
    """
    info = find(project)
    if language is None:
        raise UsageError(
            f"in which language? There is a starter in {', '.join(info.languages)}",
            next_step=f"climb start {info.slug} --lang {next(iter(info.languages))}",
        )
    target = folder or Path(info.slug)
    make_folder(info, language, target)
    remember(home_folder(), target)
    routes = ", and all routes in openapi.yaml" if "openapi.yaml" in contract_files(info.slug) else ""
    click.echo(f"{target}/ has a starter in {info.languages[language].name}, and the brief in BRIEF.md{routes}.\n")
    missing = [tool for tool in info.languages[language].needs if shutil.which(tool) is None]
    if missing:
        click.echo(f"Not installed here yet: {', '.join(missing)}. {info.languages[language].install}\n")
    click.echo(f"Next:\n  cd {target}\n  climb check")
