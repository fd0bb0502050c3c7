"""Documents and options that make no sense, each with the place that a refusal must name, and how a refusal is judged."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from climb.judge.difference import show
from climb.judge.drivers.command import Call
from climb.judge.expect import fail
from climb.judge.world.draws import Draws
from climb.projects.scheduler.schedule import Scheduler

__all__ = ["Fault", "amiss", "chosen", "document", "good", "one_line", "place", "refused"]

_ANY_POLICY = ("--policy", "fcfs")


class Fault(msgspec.Struct, frozen=True):
    """A document that must be refused, the path to name, and what is wrong in words."""

    document: bytes
    path: str
    wrong: str


def good(draw: Draws) -> dict[str, Any]:
    """A small document without a fault, into which one is put."""
    count = draw.integer(1, 4)
    return {"tasks": [{"id": name, "bursts": [2, 1, 3]} for name in "ABCD"[:count]]}


def document(value: object) -> bytes:
    """A value as JSON."""
    return json.dumps(value).encode()


def amiss(draw: Draws, field: str, value: object) -> Fault:
    """A document with ``value`` in ``field``: of the workload, of one of its tasks, or as one of a task's bursts."""
    workload = good(draw)
    shown = show(value)
    if field in ("cpus", "switch_cost", "migration_cost", "until"):
        return Fault(document(workload | {field: value}), field, f"{field} is {shown}")
    number = draw.integer(0, len(workload["tasks"]) - 1)
    if field == "burst":
        burst = draw.integer(0, 2)
        workload["tasks"][number]["bursts"][burst] = value
        return Fault(document(workload), f"tasks[{number}].bursts[{burst}]", f"a burst is {shown}")
    workload["tasks"][number][field] = value
    return Fault(document(workload), f"tasks[{number}].{field}", f"{field} is {shown}")


def chosen(draw: Draws, pairs: list[tuple[str, object]], count: int) -> Iterator[Fault]:
    """``count`` different ones of ``pairs`` of field and value, each as a fault."""
    for field, value in draw.sample(pairs, count):
        yield amiss(draw, field, value)


async def place(scheduler: Scheduler, fault: Fault) -> None:
    """The fault is refused, and the refusal names its place. How a refusal looks otherwise has a check of its own."""
    call = await scheduler.command(*_ANY_POLICY, stdin=fault.document, exit_code=None)
    refused(call, fault.wrong)
    if not _names(fault.path, call.stderr):
        fail(
            "the place that the refusal names",
            expected=f"{fault.path}: …",
            received=call.stderr.strip()[-300:] or "nothing: standard error is empty",
            why=f"In this workload {fault.wrong}. Whoever wrote it finds the fault by its path, counted from 0.",
        )


def refused(call: Call, wrong: str) -> None:
    """The call ended as a refusal does, with an exit code other than 0."""
    if call.outcome.ending.code == 0:
        fail(
            "what is refused",
            expected=f"a refusal, since {wrong}",
            received=f"exit code 0, and on standard output {call.stdout[:160].strip() or 'nothing'}",
            why="A schedule for a workload that makes no sense is worse than none: somebody will believe it.",
        )


def one_line(call: Call, wrong: str) -> None:
    """Standard error has one line for people, and no more: a stack trace is no refusal."""
    refused(call, wrong)
    lines = call.stderr.strip().splitlines()
    if len(lines) != 1:
        fail(
            "standard error",
            expected=f"one line that says what is wrong: {wrong}",
            received=f"{len(lines)} lines" + (f", the last one: {lines[-1][:200]}" if lines else ""),
            why="A refusal is a sentence for whoever gave the input. A stack trace is for whoever wrote the program, and says that it was not expected.",
        )


def _names(path: str, text: str) -> bool:
    """Whether ``path`` stands in ``text`` as a whole, not as the beginning or the end of a longer one."""
    return re.search(rf"(?<![\w.\]]){re.escape(path)}(?!\w|\[|\.\w)", text) is not None
