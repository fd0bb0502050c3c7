"""climb sched import: what a kernel recorded of its scheduling, as a workload and as the schedule that it was."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from climb.cli.console import console, print_json
from climb.errors import SetupError, UsageError
from climb.systems.scheduler.imports import SAMPLE, Imported, PerfMissing, RecordingError, read_recording
from climb.systems.scheduler.imports.actual import ActualSchedule, actual_schedule
from climb.systems.scheduler.imports.notes import notes
from climb.systems.scheduler.model import Task
from climb.systems.scheduler.validate.machine import base_slice_us, cfs_defaults_us

__all__ = ["import_command"]

_SHOWN = 12  # tasks in the table; the workload has all
_LATEST = (6, 18)  # the version of Linux whose slice is suggested for a replay


class _Processors(click.ParamType[frozenset[int]]):
    """Numbers of processors, as in taskset(1): 0,2-3."""

    name = "processors"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> frozenset[int]:
        if isinstance(value, frozenset):
            return value
        found: set[int] = set()
        for part in str(value).split(","):
            first, _, last = part.partition("-")
            try:
                found.update(range(int(first), int(last or first) + 1))
            except ValueError:
                self.fail(f"{value!r} is no list of processors, such as 0,2-3", param, ctx)
        return frozenset(found)


@click.command("import")
@click.argument("file", required=False)
@click.option(
    "--sample", is_flag=True, help="Read the recording that ships with climb: a compilation on two processors."
)
@click.option(
    "-o", "--output", metavar="FILE", help="Write the workload there, for climb sched run; - for standard output."
)
@click.option("--schedule", "actual", metavar="FILE", help="Write there who really ran when; - for standard output.")
@click.option(
    "--from",
    "from_s",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="S",
    help="Begin S seconds after the first event.",
)
@click.option("--to", "to_s", type=click.FloatRange(min=0), metavar="S", help="End S seconds after the first event.")
@click.option("--only", metavar="PATTERN", help="Only tasks whose name matches, such as 'cc1*'.")
@click.option("--cpus", type=_Processors(), metavar="LIST", help="Only these processors, such as 0,2-3.")
@click.option(
    "--tick-us",
    type=click.IntRange(min=1, max=1_000_000),
    default=1,
    show_default=True,
    metavar="N",
    help="How many microseconds a tick stands for.",
)
@click.option("--rename", is_flag=True, help="Call the tasks t1, t2, … instead of by the names of the programs.")
@click.option("--json", is_flag=True, help="Print a JSON document and nothing else.")
def import_command(
    file: str | None,
    sample: bool,
    output: str | None,
    actual: str | None,
    from_s: float,
    to_s: float | None,
    only: str | None,
    cpus: frozenset[int] | None,
    tick_us: int,
    rename: bool,
    json: bool,
) -> int:
    """Read what the Linux kernel recorded of its scheduling: a perf.data, the text that perf script makes of it, or - .

    Bursts become work, the time up to the next wake-up becomes I/O, and waiting for a processor becomes nothing, since that
    was the scheduler's doing. So the same tasks can be scheduled again, under any policy.

    \b
    To record ten seconds of a machine of yours:
      sudo perf sched record -- sleep 10
      sudo perf sched script > recording.txt

    \b
    Examples:
      climb sched import --sample
      climb sched import recording.txt --output workload.json --schedule actual.json
      climb sched import perf.data --from 2 --to 2.5 --only 'cc1*'
    """
    source = _source(file, sample=sample)
    _must_agree(output, actual, from_s, to_s, json=json)
    try:
        found = read_recording(source, tick_us=tick_us, from_s=from_s, to_s=to_s, only=only, cpus=cpus, rename=rename)
    except PerfMissing as error:
        raise SetupError(
            str(error), next_step="perf sched script > recording.txt   (where perf is), then import that"
        ) from error
    except RecordingError as error:
        raise UsageError(str(error), next_step="climb sched import --sample") from error
    really = actual_schedule(found)
    _written(output, found.workload)
    _written(actual, really)
    if json:
        print_json(_document(found, really))
    else:
        _show("the sample" if sample else source, found, really, output, on_stderr="-" in (output, actual))
    return 0


def _source(file: str | None, *, sample: bool) -> str:
    if sample == (file is not None):
        raise UsageError("name one recording: a FILE, or --sample", next_step="climb sched import --sample")
    return str(SAMPLE) if file is None else file


def _must_agree(output: str | None, actual: str | None, from_s: float, to_s: float | None, *, json: bool) -> None:
    to_stdout = [
        name
        for name, given in (("--output -", output == "-"), ("--schedule -", actual == "-"), ("--json", json))
        if given
    ]
    if len(to_stdout) > 1:
        raise UsageError(f"{' and '.join(to_stdout)} both print to standard output; take one of them")
    if to_s is not None and to_s <= from_s:
        raise UsageError(f"--to {to_s:g} is not after --from {from_s:g}")


def _written(target: str | None, document: object) -> None:
    if target is None:
        return
    if target == "-":
        print_json(document)
        return
    try:
        Path(target).write_bytes(msgspec.json.encode(document) + b"\n")
    except OSError as error:
        raise UsageError(f"can't write {target}: {error.strerror or error}") from error


def _document(found: Imported, really: ActualSchedule) -> dict[str, object]:
    return {
        "duration": found.duration,
        "tick_us": found.tick_ns // 1000,
        "cpus": list(found.processors),
        "tasks": {
            task.id: {
                "nice": task.nice,
                "work": sum(task.bursts[::2]),
                "io": sum(task.bursts[1::2]),
                "turns": found.turns[task.id],
                "waiting": really.tasks[task.id].waiting if task.id in really.tasks else 0,
            }
            for task in found.workload.tasks
        },
        "counts": found.counts,
        "summary": really.summary,
        "notes": notes(found),
    }


def _show(name: str, found: Imported, really: ActualSchedule, output: str | None, *, on_stderr: bool) -> None:
    out = console(stderr=on_stderr)
    counts, seconds = found.counts, found.duration * found.tick_ns / 1e9
    processors = (
        f"processor {found.processors[0]}" if len(found.processors) == 1 else f"{len(found.processors)} processors"
    )
    out.print(Text(f"{name}: {len(found.workload.tasks):,} tasks, {seconds:.3f} s, {processors}", style="bold"))
    out.print(
        f"{counts.switches:,} switches, {counts.wake_ups:,} wake-ups, {counts.migrations:,} migrations, "
        f"{counts.exits:,} exits. Busy {really.summary.utilization:.0%}. A tick is {found.tick_ns // 1000:,} µs."
    )
    out.print()
    out.print(_table(found, really))
    hidden = len(found.workload.tasks) - _SHOWN
    if hidden > 0:
        out.print(f"and {hidden:,} that ran less", style="dim")
    if left_open := notes(found):
        out.print("\nWhat the recording leaves open:")
        for note in left_open:
            out.print(Padding(Text(note), (0, 0, 0, 2)))
    out.print()
    out.print(_next(name, found, output))


def _table(found: Imported, really: ActualSchedule) -> Table:
    table = Table(
        Column("task", overflow="ellipsis", no_wrap=True),
        *(Column(name, justify="right", no_wrap=True) for name in ("nice", "ran ms", "waited ms", "I/O ms", "turns")),
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        header_style="dim",
    )
    for task in sorted(found.workload.tasks, key=_work, reverse=True)[:_SHOWN]:
        got = really.tasks.get(task.id)
        times = (_work(task), got.waiting if got else 0, sum(task.bursts[1::2]))
        shown = (f"{ticks * found.tick_ns / 1e6:,.1f}" for ticks in times)
        table.add_row(Text(task.id), str(task.nice), *shown, f"{found.turns[task.id]:,}")
    return table


def _work(task: Task) -> int:
    return sum(task.bursts[::2])


def _next(name: str, found: Imported, output: str | None) -> str:
    if output in (None, "-"):
        what = "--sample" if name == "the sample" else shlex.quote(name)
        return f"next: climb sched import {what} --output workload.json   (then run it under any policy)"
    file = shlex.quote(str(output))
    slice_us = base_slice_us(_LATEST, found.workload.cpus)
    quantum, latency, granularity = (
        max(1, us * 1000 // found.tick_ns) for us in (slice_us, *cfs_defaults_us(found.workload.cpus))
    )
    return (
        f"wrote {output}\n"
        f"next: climb sched run {file} --policy eevdf --quantum {quantum}\n"
        f"      climb sched compare {file} --quantum {quantum} --latency {latency} --granularity {granularity}\n"
        "These are the times of Linux, in ticks."
    )
