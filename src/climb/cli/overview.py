"""The first screen: what this is, what to type next, and all commands by what they are for."""

from __future__ import annotations

from itertools import groupby

from climb.cli.commands import COMMANDS

__all__ = ["overview"]

_HEAD = """\
Backend Climb: learn backend fundamentals by building real systems.
You write a program in any language; the judge runs it, loads it, breaks it, and explains each failure.

Begin here:
  climb up                              the course, labs, projects and runs in the browser
  climb start scanner --lang python     make a folder with a starter
  cd scanner && climb check             see the first stage fail, and why
  climb check --reference scanner       watch our own scanner hold every stage
"""

_TAIL = """
climb COMMAND --help explains a command and shows examples.
Exit codes: 0 all held, 1 the program failed, 2 wrong usage, 3 something is missing here, 4 the judge could not tell.
"""


def overview() -> str:
    """The text of ``climb --help``."""
    groups = groupby(COMMANDS, key=lambda entry: entry.group)
    sections = [_section(group, [(entry.name, entry.summary) for entry in entries]) for group, entries in groups]
    return _HEAD + "".join(sections) + _TAIL


def _section(title: str, rows: list[tuple[str, str]]) -> str:
    lines = [f"  {name:<12}{summary}\n" for name, summary in rows]
    return f"\n{title}:\n" + "".join(lines)
