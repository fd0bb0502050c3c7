"""A scheduler's answer, read: the driver that stages call, and the schedule that it returns.

Reading demands what every stage stands on: one JSON document with a timeline of segments that name known tasks and processors. What
the reported measures are worth has checks of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from climb.judge.difference import show
from climb.judge.drivers.command import Call, Command
from climb.judge.evidence import Comparison
from climb.judge.expect import Failure, expect, fail
from climb.judge.program import Stopped
from climb.projects.scheduler.rules import Piece, Timeline
from climb.projects.scheduler.workload import Options, Workload

__all__ = ["Schedule", "Scheduler"]

_FORM = '{"policy": …, "timeline": [{"cpu": 0, "task": "A", "start": 0, "end": 2}, …], "tasks": {…}, "summary": {…}}'


class Schedule:
    """What one call printed for a workload."""

    def __init__(self, call: Call, workload: Workload, options: Options) -> None:
        document = _document(call)
        expect(document.get("policy"), "policy").equals(
            options.policy, why="Whoever keeps many schedules knows by the policy which one this is."
        )
        self.call = call
        self.workload = workload
        self.document = document
        self.timeline = Timeline(_pieces(document.get("timeline"), workload), workload.cpus)

    def __repr__(self) -> str:
        return f"Schedule({len(self.timeline.pieces)} pieces, {self.call.outcome.ending})"

    def measures(self, task: str) -> dict[str, Any]:
        """What was reported of ``task``; fails the check if that is no object."""
        tasks = self.document.get("tasks")
        measures = tasks.get(task) if isinstance(tasks, dict) else None
        if isinstance(measures, dict):
            return measures
        fail(
            f"tasks[{show(task)}]",
            expected='{"completion": …, "turnaround": …, "waiting": …, "response": …, "switches": …}',
            received=show(measures) if isinstance(tasks, dict) and task in tasks else "nothing",
            why='"tasks" has a member for each task of the workload, under its id.',
        )

    @property
    def summary(self) -> dict[str, Any]:
        """The reported summary; fails the check if that is no object."""
        summary = self.document.get("summary")
        if isinstance(summary, dict):
            return summary
        fail(
            "summary",
            expected='{"makespan": …, "throughput": …, …}',
            received=show(summary),
            why="The summary is an object; its numbers are read by name.",
        )


class Scheduler:
    """Runs the learner's scheduler and reads its answer."""

    def __init__(self, command: Command) -> None:
        self.command = command

    async def __call__(self, workload: Workload, options: Options, **limits: Any) -> Schedule:
        """Schedule a workload given on standard input; fails the check unless there is a readable answer."""
        try:
            call = await self.command(*options.words(), stdin=workload.document(), **limits)
        except Failure as failure:
            if self.command.calls[-1].outcome.ending.stopped is Stopped.TIME:
                raise _too_slow(failure) from None
            raise
        return Schedule(call, workload, options)

    async def from_file(self, workload: Workload, options: Options, path: Path) -> Schedule:
        """The same for a workload that stands in the file ``path``, with an empty standard input."""
        return Schedule(await self.command(*options.words(), "--workload", str(path), stdin=b""), workload, options)

    async def given(self, document: bytes, words: Sequence[str], workload: Workload, options: Options) -> Schedule:
        """The same for a document and words of the command line that mean ``workload`` and ``options``."""
        return Schedule(await self.command(*words, stdin=document), workload, options)


def _too_slow(failure: Failure) -> Failure:
    """The same failure, in words about what makes a scheduler slow."""
    words = (
        "The clock should jump from one tick at which something happens to the next. Then large times cost no more than small "
        "ones, and a schedule takes milliseconds. A clock that counts every tick, or one that stands still, does not get there."
    )
    return Failure(
        failure.subject,
        *(msgspec.structs.replace(one, why=words) if isinstance(one, Comparison) else one for one in failure.evidence),
    )


def _document(call: Call) -> dict[str, Any]:
    text = call.stdout
    try:
        document = msgspec.json.decode(text.encode())
    except (msgspec.DecodeError, RecursionError) as error:
        _no_document(f"{text[:200].strip() or 'nothing: standard output is empty'}   ({error})")
    if isinstance(document, dict):
        return document
    _no_document(text[:200])


def _no_document(received: str) -> NoReturn:
    fail(
        "standard output",
        expected=f"one JSON document: {_FORM}",
        received=received,
        why="Standard output is for the schedule, as one JSON object. Logs belong on standard error.",
    )


def _pieces(timeline: object, workload: Workload) -> list[Piece]:
    if not isinstance(timeline, list):
        fail(
            "timeline",
            expected='a list of segments: [{"cpu": 0, "task": "A", "start": 0, "end": 2}, …]',
            received="nothing: the key is absent" if timeline is None else show(timeline)[:200],
            why="The timeline says who used which processor when. Everything else follows from it.",
        )
    ids = {task.id for task in workload.tasks}
    return [_piece(f"timeline[{number}]", segment, workload, ids) for number, segment in enumerate(timeline)]


def _piece(place: str, segment: object, workload: Workload, ids: set[str]) -> Piece:
    try:
        piece = msgspec.convert(segment, Piece)
    except msgspec.ValidationError:
        raise _bad_segment(
            place, segment, '{"cpu": whole number, "task": text, "start": whole number, "end": whole number}'
        ) from None
    if piece.task not in ids:
        raise _bad_segment(place, segment, f"one of the tasks {show(sorted(ids))}")
    if not 0 <= piece.cpu < workload.cpus:
        only = "processor 0, the only one" if workload.cpus == 1 else f"a processor from 0 to {workload.cpus - 1}"
        raise _bad_segment(place, segment, only)
    if not 0 <= piece.start <= piece.end:
        raise _bad_segment(place, segment, "a start of 0 or more, and an end that is not before it")
    return piece


def _bad_segment(place: str, segment: object, expected: str) -> Failure:
    try:
        fail(
            place,
            expected=expected,
            received=show(segment)[:200],
            why="A segment says which task used which processor from start up to and without end, in whole ticks.",
        )
    except Failure as failure:
        return failure
