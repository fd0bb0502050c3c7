"""climb dev: the gate for authors, and the reference pages that are written from the code."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import click

from climb.cli.console import print_json, printable, symbols
from climb.cli.develop import checkout
from climb.cli.report import first_failure_as_text
from climb.home import home_folder
from climb.judge.gate.findings import Finding, Outcome
from climb.judge.gate.gates import GATES, Ask, Share, pass_gates, require_tests
from climb.judge.project import slugs
from climb.judge.reference import reference_submission

__all__ = ["dev"]


class _ShareType(click.ParamType):  # type: ignore[type-arg]  # generic in the stubs only
    """A share as it is written: 2/3."""

    name = "PART/PARTS"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Share:
        match = re.fullmatch(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})", str(value))
        if match is None or int(match[1]) > int(match[2]):
            self.fail(f"{value!r} is no share; the second of three parts is 2/3", param, ctx)
        return Share(part=int(match[1]), parts=int(match[2]))


@click.group()
def dev() -> None:
    """Tools for authors of projects."""


@dev.command("check")
@click.argument("names", nargs=-1)
@click.option("--project", "only", type=click.Choice(slugs()), help="One project only.")
@click.option("--gate", "gates", multiple=True, type=click.Choice(tuple(GATES)), help="One gate only; may be repeated.")
@click.option(
    "--record", is_flag=True, help="Write the reports of wrong programs anew; look at them before you commit."
)
@click.option(
    "--matrix", is_flag=True, help="Judge wrong programs on every stage, not only on the one that should catch them."
)
@click.option(
    "--share",
    type=_ShareType(),
    help="A part of the starters and of the right and wrong programs only: 2/3 is the second of three parts.",
)
@click.option("--json", is_flag=True, help="Print the findings as a JSON document.")
def check(
    names: tuple[str, ...],
    only: str | None,
    gates: tuple[str, ...],
    record: bool,
    matrix: bool,
    share: Share | None,
    json: bool,
) -> int:
    """Check that projects keep their promises. NAMES limits it to programs with these names; * stands for anything.

    \b
    Starters fail stage 1 for the right reason, our reference and the right programs hold every stage,
    each wrong program is caught by its check alone and its report is the recorded one,
    every stage has hints and a concept, and every check has a wrong program.

    \b
    Examples:
      climb dev check
      climb dev check --gate wrong 'tls-*'
      climb dev check --gate wrong --record new-wrong-program
    """
    findings = asyncio.run(_collect(names, only, gates, record=record, matrix=matrix, share=share, quiet=json))
    if json:
        print_json(findings)
    wrong = sum(finding.outcome is Outcome.WRONG for finding in findings)
    skipped = sum(finding.outcome is Outcome.SKIPPED for finding in findings)
    if not json:
        click.echo(f"\n  {len(findings) - wrong - skipped} ok, {wrong} wrong, {skipped} skipped")
    return 1 if wrong else 0


@dev.command("docs")
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit with 1 if a page is out of date.")
def docs(only_check: bool) -> int:
    """Write the reference pages that are made from the code: those of the commands and of the planted bugs."""
    from climb.cli.planted_bugs import planted_bugs_page
    from climb.cli.reference import commands_page

    folder = checkout() / "docs" / "reference"
    pages = {"commands.md": commands_page(), "planted-bugs.md": planted_bugs_page(checkout() / "tests")}
    current = [_bring_up_to_date(folder / name, page, only_check=only_check) for name, page in pages.items()]
    return 1 if only_check and not all(current) else 0


def _bring_up_to_date(path: Path, page: str, *, only_check: bool) -> bool:
    """Write ``page`` unless it is there already or must not be written; whether it was there."""
    current = path.exists() and path.read_text(encoding="utf-8") == page
    if not current and not only_check:
        path.write_text(page, encoding="utf-8")
    click.echo(f"  docs/reference/{path.name} {_state(current=current, only_check=only_check)}")
    return current


def _state(*, current: bool, only_check: bool) -> str:
    if current:
        return "is current"
    return "is out of date; write it: climb dev docs" if only_check else "written"


async def _collect(
    names: tuple[str, ...],
    only: str | None,
    gates: tuple[str, ...],
    *,
    record: bool,
    matrix: bool,
    share: Share | None,
    quiet: bool,
) -> list[Finding]:
    tests = require_tests(checkout())
    findings = []
    for slug in [only] if only else slugs():
        submission, project = reference_submission(home_folder(), slug)
        ask = Ask(
            project=project,
            tests=tests,
            reference=submission,
            render=first_failure_as_text,
            names=names,
            record=record,
            every=matrix,
            share=share,
        )
        async for finding in pass_gates(ask, gates):
            findings.append(finding)
            if not quiet:
                _print(finding)
    return findings


def _print(finding: Finding) -> None:
    sign = {Outcome.OK: symbols().passed, Outcome.WRONG: symbols().failed}.get(finding.outcome, symbols().waiting)
    took = f"{finding.seconds:6.1f} s" if finding.seconds else " " * 8
    detail = printable(finding.detail) if finding.outcome is not Outcome.OK else ""
    click.echo(f"  {sign} {finding.gate:<10}{finding.subject:<36}{took}  {detail}".rstrip())
