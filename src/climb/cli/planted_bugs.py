"""The page of planted bugs: which wrong program proves which check. ``climb dev docs`` writes it, a test keeps it current."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from climb.judge.gate.wrong import WrongProgram, read_all
from climb.judge.project import Project, load, slugs

__all__ = ["planted_bugs_page"]

_HEAD = """\
# Planted bugs

<!-- Written by `climb dev docs` from tests/wrong. Do not edit. -->

Every check has at least one program that is right but for one bug, and that this check alone of its stage catches.
`climb dev check` judges them all and compares the report that their author would read with the recorded one,
which lies beside each in `tests/wrong`.
"""


def planted_bugs_page(tests: Path) -> str:
    """The whole page, in Markdown; ``tests`` is the folder that holds ``wrong``."""
    return _HEAD + "".join(_project(load(slug), read_all(tests, slug)) for slug in slugs())


def _project(project: Project, programs: list[WrongProgram]) -> str:
    checks = sum(len(stage.checks) for stage in project.stages)
    head = f"\n## {project.info.slug}\n\n{len(programs)} wrong programs for {checks} checks.\n"
    return head + "".join(_stages(project, programs))


def _stages(project: Project, programs: list[WrongProgram]) -> Iterator[str]:
    for number, stage in enumerate(project.stages, 1):
        yield f"\n### {number}. {stage.title}\n\n| check | its bugs |\n| --- | --- |\n"
        for position, check in enumerate(stage.checks, 1):
            bugs = [program.bug for program in programs if program.catches == f"{stage.id}/{check.id}"]
            yield f"| {number}.{position} {_cell(check.claim)} | {'<br>'.join(map(_cell, bugs))} |\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
