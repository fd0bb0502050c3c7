"""A name that leads to nothing to read, answered with those it may have meant, and where its words stand."""

from __future__ import annotations

import difflib
from pathlib import Path

from climb.cli.readable import readable_names
from climb.errors import SetupError, UsageError
from climb.progress.search import Hit, Kind, search

__all__ = ["nothing_called"]

_SHOWN = 3
_COMMANDS = {
    Kind.CONCEPT: "climb read",
    Kind.MODULE: "climb read",
    Kind.PAGE: "climb read",
    Kind.PROJECT: "climb read",
    Kind.LAB: "climb lab",
}


def nothing_called(home: Path, name: str) -> UsageError:
    """The error that says what there is instead."""
    known = readable_names()
    near = difflib.get_close_matches("-".join(name.split()).casefold(), known, n=2 * _SHOWN, cutoff=0.6)
    by_title = {known[each]: f"climb read {each}" for each in reversed(near)}  # of two names of one page, the nearer
    closest = {command: title for title, command in reversed(list(by_title.items()))}
    commands = dict(list(closest.items())[:_SHOWN]) or _about(home, name)
    lines = "".join(f"\n  {command:<32}{title}" for command, title in commands.items())
    there_is = f"; there is\n{lines}".replace("\n\n", "\n") if lines else ""
    return UsageError(
        f"there is nothing to read called {name!r}{there_is}", next_step=next(iter(commands), "climb read")
    )


def _about(home: Path, name: str) -> dict[str, str]:
    """What to type for the best hits of a search. An index that can't be had finds nothing."""
    try:
        hits = search(home, name)
    except SetupError:
        return {}
    return dict([_command(hit) for hit in hits if hit.kind in _COMMANDS][:_SHOWN])


def _command(hit: Hit) -> tuple[str, str]:
    return f"{_COMMANDS[hit.kind]} {hit.place.rpartition('/')[2]}", hit.title
