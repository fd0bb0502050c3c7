"""climb sched compare: policies on one workload, ranked by one measure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import click

from climb.cli.console import console, print_json, symbols
from climb.cli.sched_options import PolicyType, engine_options, machine_options, options_for
from climb.cli.sched_progress import progress
from climb.cli.sched_workload import KNOWN, Chosen, choose, workload_argument
from climb.printable import printable
from climb.systems.scheduler import compare as comparing
from climb.systems.scheduler.model import POLICIES, Options, Policy, Workload

__all__ = ["compare"]

_HELP = f"""Play WORKLOAD under several policies and rank them.

WORKLOAD is a file, - for standard input, or one of ours: {", ".join(KNOWN)}. Without --policy all of them compete, edf and rm only if a task has a deadline. The spreads are over the jobs of the
workload.

\b
Examples:
  climb sched compare mixed
  climb sched compare interactive --by response-p99
  climb sched compare convoy --policy fcfs --policy rr --quantum 2
  climb sched compare recording --quantum 14
  climb sched compare batch --json
"""


@click.command(help=_HELP)
@workload_argument
@click.option("--policy", "policies", type=PolicyType(), multiple=True, help="One to compare; may be repeated.")
@click.option(
    "--by",
    type=click.Choice([each.name for each in comparing.MEASURES]),
    metavar="MEASURE",
    default="turnaround",
    show_default=True,
    help=f"What ranks them: {', '.join(each.name for each in comparing.MEASURES)}.",
)
@engine_options
@machine_options
@click.option("--json", is_flag=True, help="Print a JSON document and nothing else.")
def compare(workload: str | None, policies: tuple[Policy, ...], by: str, json: bool, **given: Any) -> None:
    """See ``_HELP``."""
    which = {name: given.pop(name) for name in ("draw", "tasks", "cpus", "switch_cost", "migration_cost")}
    chosen = choose(workload, **which)
    wanted = list(dict.fromkeys(policies)) or list(_that_differ(chosen.workload))
    every = [options_for(policy, **given) for policy in wanted]
    with progress(f"{len(every)} policies on {printable(chosen.name)}") as tell:
        runs = comparing.compare(chosen.workload, every, watch=_telling(tell, every))
    if json:
        print_json({"workload": chosen.name, "by": by, "policies": comparing.ranked(runs, by)})
        return
    _tell(chosen, runs, by)


def _telling(tell: Callable[[str], None], every: list[Options]) -> Callable[[Options, int], None]:
    """What is told of each: its name, its place among them, and how far it is."""
    return lambda options, segments: tell(
        f"{options.policy}, {every.index(options) + 1} of {len(every)}: {segments:,} segments"
    )


def _that_differ(workload: Workload) -> Iterator[Policy]:
    """Every policy; those that go by deadlines only where there are some, since elsewhere they do as fcfs."""
    timely = any(task.deadline is not None or task.period is not None for task in workload.tasks)
    return (policy for policy in POLICIES if timely or policy not in ("edf", "rm"))


def _tell(chosen: Chosen, runs: tuple[comparing.Compared, ...], by: str) -> None:
    from climb.systems.scheduler.output.compared import lines

    real, cpus = console(), chosen.workload.cpus
    counted = f"{len(chosen.workload.tasks):,} tasks, {cpus} {'processor' if cpus == 1 else 'processors'}"
    heading = f"{chosen.name}: {counted}. {chosen.shows}".strip()
    for line in lines(runs, by, heading=heading, width=real.width, ascii_only=symbols().dot != "·"):
        real.print(line, soft_wrap=True)
