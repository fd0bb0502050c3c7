"""climb sched run: one policy on one workload, drawn for people or written for programs."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from typing import IO, Any, BinaryIO, NamedTuple, cast

import click

from climb.cli.sched_drawing import Drawing, write_gantt, write_svg
from climb.cli.sched_options import PolicyType, engine_options, machine_options, options_for, required, whole
from climb.cli.sched_output import KINDS, kind_by_name, output_to, tell_written
from climb.cli.sched_progress import progress
from climb.cli.sched_workload import KNOWN, Chosen, choose, workload_argument
from climb.printable import printable
from climb.systems.scheduler.model import POLICIES, Options, Policy, Schedule, Segment
from climb.systems.scheduler.policies import POLICY

__all__ = ["policies_text", "run"]

_TELL_EVERY = 1 << 14  # segments


def policies_text() -> str:
    """Every policy with its rule, a line each, as a paragraph of a help text that keeps its breaks."""
    rules = (_hanging(f"  {name:<9} {POLICY[name].rule}") for name in POLICIES)
    return "\b\nPolicies:\n" + "\n".join(rules)


def _hanging(line: str) -> str:
    return textwrap.fill(line, 76, subsequent_indent=" " * 12, break_on_hyphens=False)


_HELP = f"""Play WORKLOAD under one policy.

WORKLOAD is a file, - for standard input, or the name of one of ours: {", ".join(KNOWN)}.

On a terminal the result is a chart with what each task got. Elsewhere it is the JSON document of the contract, which climb read
scheduler describes. A file is what its name says: .txt a chart, .svg a picture, .html a page, else JSON.

{policies_text()}

\b
Examples:
  climb sched run convoy --policy fcfs
  climb sched run work.json --policy mlfq --quantum 2 --boost 50
  climb sched run mixed --policy eevdf --cpus 2 --queues per-cpu
  climb sched run recording --policy eevdf --quantum 14
  climb sched run batch --policy srtf --output-file batch.html
  climb sched run crowd --policy cfs -o perfetto --output-file crowd.json

The trace for Perfetto opens in https://ui.perfetto.dev, which reads it in your browser.
"""


@click.command(help=_HELP)
@workload_argument
@click.option("--policy", type=PolicyType(), help="The rule by which tasks are picked.  [required]")
@engine_options
@machine_options
@click.option(
    "-o",
    "--output",
    "kind",
    type=click.Choice(["auto", *KINDS]),
    default="auto",
    show_default=True,
    help="What to write; auto means gantt on a terminal, what a file's name says, and else json.",
)
@click.option("--every-tick", is_flag=True, help="gantt: a column for each tick, in as many lines as that takes.")
@click.option("--output-file", metavar="FILE", help="Write to FILE, not to standard output.")
@click.option(
    "--tick-us", type=whole(1), default=1, show_default=True, metavar="N", help="perfetto: microseconds of a tick."
)
def run(
    workload: str | None,
    policy: Policy | None,
    kind: str,
    output_file: str | None,
    tick_us: int,
    every_tick: bool,
    **given: Any,
) -> None:
    """See ``_HELP``."""
    which = {name: given.pop(name) for name in ("draw", "tasks", "cpus", "switch_cost", "migration_cost")}
    options = options_for(required(policy), **given)
    chosen = choose(workload, **which)
    if kind == "auto":
        kind = _kind(output_file)
    with output_to(output_file) as out:
        _WRITERS[kind](out, _Order(chosen, options, output_file is not None, tick_us, every_tick))
    if output_file is not None:
        tell_written(output_file, KINDS[kind])


def _kind(output_file: str | None) -> str:
    if output_file is not None:
        return kind_by_name(output_file)
    return "gantt" if sys.stdout.isatty() else "json"


class _Order(NamedTuple):
    """What to write."""

    chosen: Chosen
    options: Options
    to_file: bool
    tick_us: int
    every_tick: bool

    @property
    def title(self) -> str:
        """What it is called while it is made."""
        return f"{self.options.policy} on {printable(self.chosen.name)}"

    def schedule(self) -> Schedule:
        """The whole schedule, for what is drawn."""
        from climb.systems.scheduler import schedule

        with progress(self.title) as tell:
            return schedule(self.chosen.workload, self.options, watch=lambda segments: tell(f"{segments:,} segments"))

    def drawing(self) -> Drawing:
        """The same, to be drawn."""
        return Drawing(self.chosen.workload, self.schedule(), self.chosen.name, self.to_file, self.every_tick)

    def streamed(self) -> bool:
        """Whether what is written can be seen while it is made, so that it tells itself how far it is."""
        return not self.to_file and sys.stdout.isatty()


def _gantt(out: IO[bytes], order: _Order) -> None:
    write_gantt(out, order.drawing())


def _json(out: IO[bytes], order: _Order) -> None:
    from climb.systems.scheduler.writing import write_schedule

    with progress(order.title, shown=not order.streamed()) as tell:
        write_schedule(
            order.chosen.workload,
            order.options,
            cast("BinaryIO", out),
            watch=lambda segments: tell(f"{segments:,} segments"),
        )


def _svg(out: IO[bytes], order: _Order) -> None:
    write_svg(out, order.drawing())


def _html(out: IO[bytes], order: _Order) -> None:
    from climb.systems.scheduler.output.page import made_from, page

    workload, options = order.chosen.workload, order.options
    rule, source = POLICY[options.policy].rule, made_from(workload, options)
    out.write(page(workload, order.schedule(), name=order.chosen.name, rule=rule, source=source).encode())


def _perfetto(out: IO[bytes], order: _Order) -> None:
    from climb.systems.scheduler import segments
    from climb.systems.scheduler.output.perfetto import write

    workload, options = order.chosen.workload, order.options

    def counted() -> Iterator[Segment]:
        for number, segment in enumerate(segments(workload, options)):
            if number % _TELL_EVERY == 0:
                tell(f"{number:,} segments")
            yield segment

    with progress(order.title, shown=not order.streamed()) as tell:
        write(out, workload, options.policy, counted(), tick_us=order.tick_us)


_WRITERS = {"gantt": _gantt, "json": _json, "svg": _svg, "html": _html, "perfetto": _perfetto}
