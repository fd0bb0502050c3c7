"""climb sched run: one policy on one workload, drawn for people or written for programs."""

from __future__ import annotations

import sys
from typing import Any, BinaryIO

import click

from climb.cli.console import console, symbols
from climb.cli.sched_options import MOST, PolicyType, engine_options, machine_options, options_for
from climb.cli.sched_output import output_to
from climb.cli.sched_workload import Chosen, choose, workload_argument
from climb.systems.scheduler.model import POLICIES, Options, Policy
from climb.systems.scheduler.policies import POLICY

__all__ = ["policies_text", "run"]

_KINDS = ("gantt", "json", "svg", "html", "perfetto")
_FILE_WIDTH = 100


def policies_text() -> str:
    """Every policy with its rule, a line each, as a paragraph of a help text that keeps its breaks."""
    return "\b\nPolicies:\n" + "\n".join(f"  {name:<9} {POLICY[name].rule}" for name in POLICIES)


_HELP = f"""Play WORKLOAD under one policy.

WORKLOAD is a file, - for standard input, or the name of one of ours: interactive, batch, mixed, convoy, starvation, shares,
control, crowd, random.

On a terminal the result is a chart with what each task got. Elsewhere it is the JSON document of the contract, which climb read
scheduler describes.

{policies_text()}

\b
Examples:
  climb sched run convoy --policy fcfs
  climb sched run work.json --policy mlfq --quantum 2 --boost 50
  climb sched run mixed --policy eevdf --cpus 2 --queues per-cpu
  climb sched run batch --policy srtf --output html --output-file batch.html
  climb sched run crowd --policy cfs --output perfetto --output-file crowd.json   (opens in ui.perfetto.dev)
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
@click.option("--output-file", metavar="FILE", help="Write to FILE, not to standard output.")
@click.option(
    "--tick-us", type=click.IntRange(1, MOST), default=1, show_default=True, metavar="N", help="perfetto: microseconds of a tick."
)
def run(workload: str | None, policy: Policy, kind: str, output_file: str | None, tick_us: int, **given: Any) -> None:
    """See ``_HELP``."""
    which = {name: given.pop(name) for name in ("draw", "tasks", "cpus", "switch_cost", "migration_cost")}
    options = options_for(policy, **given)
    chosen = choose(workload, **which)
    if kind == "auto":
        kind = "gantt" if output_file is None and sys.stdout.isatty() else "json"
    with output_to(output_file) as out:
        _WRITERS[kind](out, chosen, options, to_file=output_file is not None, tick_us=tick_us)


def _gantt(out: BinaryIO, chosen: Chosen, options: Options, *, to_file: bool, **_: int) -> None:
    from climb.systems.scheduler import schedule
    from climb.systems.scheduler.output.terminal import lines

    found = schedule(chosen.workload, options)
    real = console()
    drawn = lines(
        chosen.workload,
        found,
        name=chosen.name,
        width=_FILE_WIDTH if to_file else real.width,
        ascii_only=not to_file and symbols().dot != "·",
    )
    for line in drawn:
        if to_file:
            out.write(line.plain.rstrip().encode() + b"\n")
        else:
            real.print(line, soft_wrap=True)


def _json(out: BinaryIO, chosen: Chosen, options: Options, **_: int) -> None:
    from climb.systems.scheduler.writing import write_schedule

    write_schedule(chosen.workload, options, out)


def _svg(out: BinaryIO, chosen: Chosen, options: Options, **_: int) -> None:
    from climb.systems.scheduler import schedule
    from climb.systems.scheduler.output.picture import picture

    out.write(picture(chosen.workload, schedule(chosen.workload, options)).encode())


def _html(out: BinaryIO, chosen: Chosen, options: Options, **_: int) -> None:
    from climb.systems.scheduler import schedule
    from climb.systems.scheduler.output.page import page

    found = schedule(chosen.workload, options)
    out.write(page(chosen.workload, options, found, name=chosen.name, rule=POLICY[options.policy].rule).encode())


def _perfetto(out: BinaryIO, chosen: Chosen, options: Options, *, tick_us: int, **_: int) -> None:
    from climb.systems.scheduler import segments
    from climb.systems.scheduler.output.perfetto import write

    write(out, chosen.workload, options.policy, segments(chosen.workload, options), tick_us=tick_us)


_WRITERS = {"gantt": _gantt, "json": _json, "svg": _svg, "html": _html, "perfetto": _perfetto}
