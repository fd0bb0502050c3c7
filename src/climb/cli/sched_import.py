"""climb sched import: what a kernel recorded of its scheduling, as a workload and as the schedule that it was."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import click
import msgspec
from click.core import ParameterSource
from rich.table import Column, Table
from rich.text import Text

from climb.cli.console import console, print_json
from climb.cli.sched_drawing import Drawing, write_gantt, write_svg
from climb.cli.sched_output import KINDS, kind_by_name, output_to, tell_written
from climb.errors import SetupError, UsageError
from climb.printable import printable
from climb.systems.scheduler.imports import SAMPLE, Imported, PerfMissing, RecordingError, read_recording
from climb.systems.scheduler.imports.actual import RECORDED, actual_schedule
from climb.systems.scheduler.imports.notes import notes
from climb.systems.scheduler.model import Schedule, Task
from climb.systems.scheduler.validate.machine import base_slice_us, cfs_defaults_us

__all__ = ["import_command"]

_SHOWN = 12  # tasks in the table; the workload has all
_LATEST = (6, 18)  # the version of Linux whose slice is suggested for a replay
_SAMPLE = "the sample"
_SELECTING = ("from_s", "to_s", "only", "cpus", "tick_us", "rename")  # what the next command has to say again


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
    "--workload", metavar="FILE", help="Write the workload there, for climb sched run; - for standard output."
)
@click.option(
    "-o",
    "--output",
    "kind",
    type=click.Choice(["auto", *KINDS]),
    default="auto",
    show_default=True,
    help="Draw or write who really ran when; auto means a summary, and what a file's name says.",
)
@click.option("--output-file", metavar="FILE", help="Write who really ran when to FILE.")
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
@click.option("--rename", is_flag=True, help="Call the tasks t1, t2 and so on, not by the names of the programs.")
@click.option("--json", is_flag=True, help="Print a JSON document and nothing else.")
def import_command(
    file: str | None,
    sample: bool,
    workload: str | None,
    kind: str,
    output_file: str | None,
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
    was the scheduler's doing. So the same tasks can be scheduled again, under any policy: --workload writes them. --output and
    --output-file show what the kernel made of them, as they do for climb sched run.

    \b
    To record ten seconds of a machine of yours:
      sudo perf sched record -- sleep 10
      sudo perf sched script > recording.txt

    \b
    Examples:
      climb sched import --sample
      climb sched import --sample --output gantt
      climb sched import recording.txt --workload workload.json
      climb sched import recording.txt --output-file actual.html
      climb sched import perf.data --from 2 --to 2.5 --only 'cc1*'
    """
    source = _source(file, sample=sample)
    _must_agree(workload, kind, output_file, from_s, to_s, json=json)
    try:
        found = read_recording(source, tick_us=tick_us, from_s=from_s, to_s=to_s, only=only, cpus=cpus, rename=rename)
    except PerfMissing as error:
        raise SetupError(
            str(error), next_step="perf sched script > recording.txt   (where perf is), then import that"
        ) from error
    except RecordingError as error:
        raise UsageError(str(error), next_step="climb sched import --sample") from error
    made = _Found(_SAMPLE if sample else Path(source).name, source, found, actual_schedule(found))
    _write_workload(workload, found)
    if output_file is not None or kind != "auto":
        _draw(made, kind, output_file)
    if json:
        print_json(_document(found, made.really))
    elif output_file is not None or kind == "auto":
        _show(made, workload, on_stderr=workload == "-")
    return 0


class _Found(NamedTuple):
    """A recording that was read: what to call it, where it came from, and what the kernel did."""

    name: str
    source: str
    found: Imported
    really: Schedule


def _source(file: str | None, *, sample: bool) -> str:
    if sample == (file is not None):
        raise UsageError("name one recording: a FILE, or --sample", next_step="climb sched import --sample")
    return str(SAMPLE) if file is None else file


def _must_agree(
    workload: str | None, kind: str, output_file: str | None, from_s: float, to_s: float | None, *, json: bool
) -> None:
    printing = (
        ("--workload -", workload == "-"),
        (f"--output {kind}", kind != "auto" and output_file is None),
        ("--json", json),
    )
    to_stdout = [name for name, given in printing if given]
    if len(to_stdout) > 1:
        raise UsageError(f"{' and '.join(to_stdout)} both print to standard output; take one of them")
    if to_s is not None and to_s <= from_s:
        raise UsageError(f"--to {to_s:g} is not after --from {from_s:g}")


def _write_workload(target: str | None, found: Imported) -> None:
    if target is None:
        return
    if target == "-":
        print_json(found.workload)
        return
    with output_to(target, option="--workload") as out:
        out.write(msgspec.json.encode(found.workload) + b"\n")
    tell_written(target, "the workload")


# --- what the kernel did --------------------------------------------------------------------------------------------


def _draw(made: _Found, kind: str, output_file: str | None) -> None:
    if kind == "auto":
        kind = kind_by_name(output_file or "")
    with output_to(output_file) as out:
        _WRITERS[kind](out, made, output_file is not None)
    if output_file is not None:
        tell_written(output_file, KINDS[kind])


def _drawing(made: _Found, to_file: bool) -> Drawing:
    return Drawing(made.found.workload, made.really, made.name, to_file)


def _json(out: IO[bytes], made: _Found, _to_file: bool) -> None:
    out.write(msgspec.json.encode(made.really) + b"\n")


def _gantt(out: IO[bytes], made: _Found, to_file: bool) -> None:
    write_gantt(out, _drawing(made, to_file))


def _svg(out: IO[bytes], made: _Found, to_file: bool) -> None:
    write_svg(out, _drawing(made, to_file))


def _html(out: IO[bytes], made: _Found, _to_file: bool) -> None:
    from climb.systems.scheduler.output.page import page

    source = [
        ("recording", made.name),
        ("a tick", _microseconds(made.found.tick_ns)),
        ("processors", f"{made.found.workload.cpus:,}"),
        *(("left open", note) for note in notes(made.found)),
    ]
    rule = "What the Linux kernel did, as it recorded it."
    out.write(page(made.found.workload, made.really, name=made.name, rule=rule, source=source).encode())


def _perfetto(out: IO[bytes], made: _Found, _to_file: bool) -> None:
    from climb.systems.scheduler.output.perfetto import write

    found = made.found
    write(out, found.workload, RECORDED, found.segments(), tick_us=found.tick_ns // 1000, ready=False)


_WRITERS = {"gantt": _gantt, "json": _json, "svg": _svg, "html": _html, "perfetto": _perfetto}


# --- the summary ----------------------------------------------------------------------------------------------------


def _document(found: Imported, really: Schedule) -> dict[str, object]:
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


def _show(made: _Found, workload: str | None, *, on_stderr: bool) -> None:
    out, found = console(stderr=on_stderr), made.found
    counts, seconds = found.counts, found.duration * found.tick_ns / 1e9
    processors = (
        f"processor {found.processors[0]}" if len(found.processors) == 1 else f"{len(found.processors)} processors"
    )
    tasks = f"{len(found.workload.tasks):,} {'task' if len(found.workload.tasks) == 1 else 'tasks'}"
    for text, style in (
        (f"{printable(made.name)}: {tasks}, {seconds:.3f} s, {processors}", "bold"),
        (
            f"{counts.switches:,} switches, {counts.wake_ups:,} wake-ups, {counts.migrations:,} migrations, "
            f"{counts.exits:,} exits.",
            "",
        ),
        (f"Busy {made.really.summary.utilization:.0%}. A tick is {_microseconds(found.tick_ns)}.", ""),
    ):
        out.print(textwrap.fill(text, max(out.width, 20)), style=style)
    out.print()
    out.print(_table(found, made.really))
    hidden = len(found.workload.tasks) - _SHOWN
    if hidden > 0:
        out.print(f"and {hidden:,} that ran less", style="dim")
    if left_open := notes(found):
        out.print("\nWhat the recording leaves open:")
        for note in left_open:
            out.print(textwrap.fill(note, max(out.width, 20), initial_indent="  ", subsequent_indent="  "))
    out.print()
    before = "next: "
    for line in _next(made, workload):
        out.print(before + line, soft_wrap=True)  # a command is there to be copied, so it stays one line
        before = " " * len(before)


def _microseconds(ns: int) -> str:
    us = ns // 1000
    return f"{us:,} {'microsecond' if us == 1 else 'microseconds'}"


def _table(found: Imported, really: Schedule) -> Table:
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


def _next(made: _Found, workload: str | None) -> Iterator[str]:
    """Commands that lead on; once there is a workload, with the kernel's own times."""
    if workload in (None, "-"):
        words = _again(made)
        yield f"climb sched import {words} --output gantt"
        yield f"climb sched import {words} --workload workload.json"
        return
    file, cpus, tick_ns = shlex.quote(str(workload)), made.found.workload.cpus, made.found.tick_ns
    quantum, latency, granularity = (
        max(1, us * 1000 // tick_ns) for us in (base_slice_us(_LATEST, cpus), *cfs_defaults_us(cpus))
    )
    yield f"climb sched run {file} --policy eevdf --quantum {quantum}"
    yield f"climb sched compare {file} --quantum {quantum} --latency {latency} --granularity {granularity}"
    yield "(the times of Linux, in ticks)"


def _again(made: _Found) -> str:
    """The recording, and what of it was asked for, in words of the command line."""
    words = ["--sample" if made.name == _SAMPLE else shlex.quote(made.source)]
    ctx = click.get_current_context()
    for param in ctx.command.params:
        value = ctx.params.get(param.name or "")
        if param.name not in _SELECTING or ctx.get_parameter_source(param.name) is ParameterSource.DEFAULT:
            continue
        words.append(param.opts[0])
        if not isinstance(value, bool):
            words.append(shlex.quote(_as_typed(value)))
    return " ".join(words)


def _as_typed(value: object) -> str:
    if isinstance(value, frozenset):
        return ",".join(map(str, sorted(value)))
    return f"{value:g}" if isinstance(value, float) else str(value)
