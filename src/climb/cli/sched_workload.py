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
from climb.systems.scheduler.model import POLICIES, Workload
from climb.systems.scheduler.named import NAMED, named_workload
from climb.systems.scheduler.random_workloads import random_workload
from climb.systems.scheduler.reading import MOST_BYTES, read_workload

__all__ = ["KNOWN", "RANDOM", "RECORDING", "Chosen", "choose", "names", "workload_argument"]

RANDOM = "random"
RECORDING = "recording"
KNOWN = (*NAMED, RANDOM, RECORDING)
_LISTED = ", ".join(KNOWN)
_DRAWN = "a mixture of tasks drawn by --draw and --tasks"
_TICK_US = 100  # at the usual quantum of some ticks turns are then about as long as the kernel's
_RECORDED = f"What a real machine had to do while it compiled; a tick is {_TICK_US} microseconds, and --quantum 14 is Linux' own."


class Chosen(NamedTuple):
    """A workload, what to call it, and what it shows if it is one of ours."""

    name: str
    workload: Workload
    shows: str = ""


def names(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What a shell may offer: our workloads, then files."""
    known = {name: each.shows for name, each in NAMED.items()} | {RANDOM: _DRAWN, RECORDING: _RECORDED}
    found = [CompletionItem(name, help=shows) for name, shows in known.items() if name.startswith(incomplete)]
    return [*found, CompletionItem(incomplete, type="file")]


workload_argument = click.argument(
    "workload", required=False, metavar="[WORKLOAD]", shell_complete=names, is_eager=True
)


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
        raise UsageError(f"which workload? A file, or one of {_LISTED}", next_step=_with_workload("mixed"))
    if word in (None, "-"):
        return Chosen("standard input", _read(sys.stdin.buffer.read(MOST_BYTES + 1), "standard input"))
    assert word is not None
    if word in NAMED:
        return Chosen(word, named_workload(word, draw), NAMED[word].shows)
    if word == RANDOM:
        return Chosen(f"{RANDOM} {draw}", random_workload(draw, tasks=tasks, cpus=cpus), _DRAWN)
    if word == RECORDING:
        from climb.systems.scheduler.imports import read_sample

        return Chosen(RECORDING, read_sample(tick_us=_TICK_US).workload, _RECORDED)
    path = Path(word)
    try:
        with path.open("rb") as file:
            return Chosen(path.name, _read(file.read(MOST_BYTES + 1), word))
    except FileNotFoundError:
        near = difflib.get_close_matches(word, KNOWN, n=1)
        meant = _with_workload(near[0] if near else "mixed")
        raise UsageError(f"{word!r} is no file, and no workload of ours: {_LISTED}", next_step=meant) from None
    except OSError as error:
        raise UsageError(f"{word}: {error.strerror or error}") from error


def _with_workload(name: str) -> str:
    """The command that runs, with a workload that there is."""
    ctx = click.get_current_context(silent=True)
    if ctx is None or ctx.command.name == "run":
        policy = ctx.params.get("policy") if ctx is not None else None
        return f"climb sched run {name} --policy {policy or 'rr'}"
    return f"{ctx.command_path} {name}"


def _read(data: bytes, source: str) -> Workload:
    try:
        return read_workload(data)
    except WorkloadError as error:
        if (policy := _policy_of_schedule(data)) is not None:
            raise UsageError(
                f"{source}: this is a schedule, not a workload: it tells who ran when, not what each task needs",
                next_step=_before(policy),
            ) from error
        raise UsageError(
            f"{source}: {error}", next_step="climb read scheduler   (what a workload looks like)"
        ) from error


class _ScheduleDocument(msgspec.Struct):
    """What tells a schedule from a workload."""

    policy: str
    timeline: msgspec.Raw


def _policy_of_schedule(data: bytes) -> str | None:
    try:
        return msgspec.json.decode(data, type=_ScheduleDocument).policy
    except (msgspec.MsgspecError, ValueError):  # not UTF-8 is a ValueError
        return None


def _before(policy: str) -> str:
    """The command that leads on from a schedule: to the workload that belongs to it, or to one of ours."""
    if policy in POLICIES:
        return f"climb sched run WORKLOAD --policy {policy}   (with the file that the schedule was made from)"
    return "climb sched import RECORDING --workload workload.json   (with what perf recorded)"
