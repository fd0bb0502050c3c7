"""Which workload a command means: a file, standard input, one with a name, or one drawn from a number."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import NamedTuple

import click
import msgspec
from click.shell_completion import CompletionItem

from climb.errors import UsageError
from climb.systems.scheduler.errors import WorkloadError
from climb.systems.scheduler.model import Workload
from climb.systems.scheduler.named import NAMED, named_workload
from climb.systems.scheduler.random_workloads import random_workload
from climb.systems.scheduler.reading import MOST_BYTES, read_workload

__all__ = ["KNOWN", "RANDOM", "Chosen", "choose", "names", "workload_argument"]

RANDOM = "random"
KNOWN = (*NAMED, RANDOM)
_LISTED = ", ".join(KNOWN)
_DRAWN = "a mixture of tasks drawn by --draw and --tasks"


class Chosen(NamedTuple):
    """A workload, what to call it, and what it shows if it is one of ours."""

    name: str
    workload: Workload
    shows: str = ""


def names(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What a shell may offer: our workloads, then files."""
    known = {name: each.shows for name, each in NAMED.items()} | {RANDOM: _DRAWN}
    found = [CompletionItem(name, help=shows) for name, shows in known.items() if name.startswith(incomplete)]
    return [*found, CompletionItem(incomplete, type="file")]


workload_argument = click.argument("workload", required=False, metavar="[WORKLOAD]", shell_complete=names)


def choose(
    word: str | None,
    *,
    draw: int,
    tasks: int,
    cpus: int | None,
    switch_cost: int | None,
    migration_cost: int | None,
) -> Chosen:
    """The workload of that word, on the machine that was asked for. Raises UsageError if there is none, or if it is faulty."""
    chosen = _found(word, draw=draw, tasks=tasks, cpus=cpus or 1)
    asked = {"cpus": cpus, "switch_cost": switch_cost, "migration_cost": migration_cost}
    given = {name: value for name, value in asked.items() if value is not None}
    return chosen._replace(workload=msgspec.structs.replace(chosen.workload, **given))


def _found(word: str | None, *, draw: int, tasks: int, cpus: int) -> Chosen:
    if word is None and sys.stdin.isatty():
        raise UsageError(
            f"which workload? A file, or one of {', '.join(KNOWN)}", next_step="climb sched run mixed --policy rr"
        )
    if word in (None, "-"):
        return Chosen("standard input", _read(sys.stdin.buffer.read(MOST_BYTES + 1), "standard input"))
    assert word is not None
    if word in NAMED:
        return Chosen(word, named_workload(word, draw), NAMED[word].shows)
    if word == RANDOM:
        return Chosen(f"{RANDOM} {draw}", random_workload(draw, tasks=tasks, cpus=cpus), _DRAWN)
    path = Path(word)
    try:
        with path.open("rb") as file:
            return Chosen(path.name, _read(file.read(MOST_BYTES + 1), word))
    except FileNotFoundError:
        near = difflib.get_close_matches(word, KNOWN, n=1)
        meant = f"climb sched run {near[0]} --policy rr" if near else "climb sched run mixed --policy rr"
        raise UsageError(f"{word!r} is no file, and no workload of ours: {', '.join(KNOWN)}", next_step=meant) from None
    except OSError as error:
        raise UsageError(f"{word}: {error.strerror or error}") from error


def _read(data: bytes, source: str) -> Workload:
    try:
        return read_workload(data)
    except WorkloadError as error:
        raise UsageError(
            f"{source}: {error}", next_step="climb read scheduler   (what a workload looks like)"
        ) from error
