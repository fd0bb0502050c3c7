"""climb sched: the scheduler emulator, a group whose commands are loaded when they run."""

from __future__ import annotations

import difflib
import importlib

import click

from climb.cli.commands import Entry

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


class _Group(click.Group):
    """The subcommands of the table; ``--help`` lists them without loading any."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return [entry.name for entry in SUBCOMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        entry = next((entry for entry in SUBCOMMANDS if entry.name == cmd_name), None)
        if entry is None:
            return None
        module, _, attribute = entry.target.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in self.list_commands(ctx):
            near = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            meant = f" Did you mean climb sched {near[0]}?" if near else ""
            ctx.fail(f"there is no command {args[0]!r}.{meant}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(entry.name, entry.summary) for entry in SUBCOMMANDS])


@click.command(cls=_Group)
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
