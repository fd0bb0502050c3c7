"""climb sched: the scheduler emulator, a group whose commands are loaded when they run."""

from __future__ import annotations

import click

from climb.cli.commands import Entry
from climb.cli.lazy import Lazy

__all__ = ["SUBCOMMANDS", "sched"]

SUBCOMMANDS = (
    Entry("run", "Emulate", "one policy on one workload: a chart, measures, or a file", "climb.cli.sched_run:run"),
    Entry("compare", "Emulate", "policies ranked on one workload", "climb.cli.sched_compare:compare"),
    Entry("quiz", "Learn", "predict a schedule, and see where it parts from the rule", "climb.cli.sched_quiz:quiz"),
    Entry("import", "Real machines", "what Linux recorded, as a workload", "climb.cli.sched_import:import_command"),
    Entry(
        "validate",
        "Real machines",
        "the emulator against the kernel of this machine",
        "climb.cli.sched_validate:validate_command",
    ),
)


@click.command(cls=Lazy, entries=SUBCOMMANDS, called="climb sched")
def sched() -> None:
    """The scheduler of an operating system, emulated to the tick.

    It plays a workload under a policy, compares policies, asks you to predict them, and is held against Linux itself.

    \b
    Examples:
      climb sched run convoy --policy fcfs
      climb sched run convoy --policy mlfq --output html --output-file convoy.html
      climb sched compare mixed --by response
      climb sched quiz --policy srtf
    """
