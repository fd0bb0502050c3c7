"""climb sched run: one policy on one workload, drawn for people or written for programs."""

from __future__ import annotations

import sys
import textwrap
from typing import IO, Any, BinaryIO, NamedTuple, cast

import click

from climb.cli.console import console, symbols
from climb.cli.sched_options import PolicyType, engine_options, machine_options, options_for, whole
from climb.cli.sched_output import output_to
from climb.cli.sched_workload import KNOWN, Chosen, choose, workload_argument
from climb.systems.scheduler.model import POLICIES, Options, Policy, Schedule
from climb.systems.scheduler.policies import POLICY

__all__ = ["policies_text", "run"]

_KINDS = ("gantt", "json", "svg", "html", "perfetto")
_FILE_WIDTH = 100


def policies_text() -> str:
    """Every policy with its rule, a line each, as a paragraph of a help text that keeps its breaks."""
    rules = (_hanging(f"  {name:<9} {POLICY[name].rule}") for name in POLICIES)
    return "\b\nPolicies:\n" + "\n".join(rules)


def _hanging(line: str) -> str:
    return textwrap.fill(line, 76, subsequent_indent=" " * 12, break_on_hyphens=False)


_HELP = f"""Play WORKLOAD under one policy.

WORKLOAD is a file, - for standard input, or the name of one of ours: {", ".join(KNOWN)}.

On a terminal the result is a chart with what each task got. Elsewhere it is the JSON document of the contract, which climb read
scheduler describes.

{policies_text()}

\b
Examples:
  climb sched run convoy --policy fcfs
  climb sched run work.json --policy mlfq --quantum 2 --boost 50
  climb sched run mixed --policy eevdf --cpus 2 --queues per-cpu
  climb sched run batch --policy srtf --output html --output-file batch.html
  climb sched run crowd --policy cfs -o perfetto --output-file crowd.json

The trace for Perfetto opens in https://ui.perfetto.dev, which reads it in your browser.
"""


@click.command(help=_HELP)
@workload_argument
@click.option("--policy", type=PolicyType(), required=True, help="The rule by which tasks are picked.")
@engine_options
@machine_options
@click.option(
    "-o",
    "--output",
    "kind",
    type=click.Choice(["auto", *_KINDS]),
    default="auto",
    show_default=True,
    help="What to write; auto means gantt on a terminal and json elsewhere.",
)
@click.option("--every-tick", is_flag=True, help="gantt: a column for each tick, in as many lines as that takes.")
@click.option("--output-file", metavar="FILE", help="Write to FILE, not to standard output.")
@click.option(
    "--tick-us", type=whole(1), default=1, show_default=True, metavar="N", help="perfetto: microseconds of a tick."
)
def run(
    workload: str | None,
    policy: Policy,
    kind: str,
    output_file: str | None,
    tick_us: int,
    every_tick: bool,
    **given: Any,
) -> None:
    """See ``_HELP``."""
    which = {name: given.pop(name) for name in ("draw", "tasks", "cpus", "switch_cost", "migration_cost")}
    options = options_for(policy, **given)
    chosen = choose(workload, **which)
    if kind == "auto":
        kind = "gantt" if output_file is None and sys.stdout.isatty() else "json"
    with output_to(output_file) as out:
        _WRITERS[kind](out, _Order(chosen, options, output_file is not None, tick_us, every_tick))


class _Order(NamedTuple):
    """What to write."""

    chosen: Chosen
    options: Options
    to_file: bool
    tick_us: int
    every_tick: bool

    def schedule(self) -> Schedule:
        """The whole schedule, for what is drawn."""
        from climb.systems.scheduler import schedule

        return schedule(self.chosen.workload, self.options)


def _gantt(out: IO[bytes], order: _Order) -> None:
    from climb.systems.scheduler.output.terminal import lines

    real = console()
    drawn = lines(
        order.chosen.workload,
        order.schedule(),
        name=order.chosen.name,
        width=_FILE_WIDTH if order.to_file else real.width,
        ascii_only=not order.to_file and symbols().dot != "·",
        every_tick=order.every_tick,
    )
    for line in drawn:
        if order.to_file:
            out.write(line.plain.rstrip().encode() + b"\n")
        else:
            real.print(line, soft_wrap=True)


def _json(out: IO[bytes], order: _Order) -> None:
    from climb.systems.scheduler.writing import write_schedule

    write_schedule(order.chosen.workload, order.options, cast("BinaryIO", out))


def _svg(out: IO[bytes], order: _Order) -> None:
    from climb.systems.scheduler.output.picture import picture

    out.write(picture(order.chosen.workload, order.schedule()).encode())


def _html(out: IO[bytes], order: _Order) -> None:
    from climb.systems.scheduler.output.page import page

    rule = POLICY[order.options.policy].rule
    out.write(page(order.chosen.workload, order.options, order.schedule(), name=order.chosen.name, rule=rule).encode())


def _perfetto(out: IO[bytes], order: _Order) -> None:
    from climb.systems.scheduler import segments
    from climb.systems.scheduler.output.perfetto import write

    workload, options = order.chosen.workload, order.options
    write(out, workload, options.policy, segments(workload, options), tick_us=order.tick_us)


_WRITERS = {"gantt": _gantt, "json": _json, "svg": _svg, "html": _html, "perfetto": _perfetto}
