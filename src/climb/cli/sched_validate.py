"""climb sched validate: real processes on one processor, beside the same workload in the emulator."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Column, Table
from rich.text import Text

from climb.cli.console import console, print_json, symbols
from climb.errors import SetupError, UsageError
from climb.systems.scheduler.percentiles import Spread
from climb.systems.scheduler.validate import SCENARIOS, Beside, CannotMeasure, Validation, validate
from climb.systems.scheduler.validate.real import Progress as Told, processors

__all__ = ["validate_command"]

_BUSY = 0.05  # what a processor may do beside the workers before it is worth a warning


@click.command("validate")
@click.option(
    "--scenario", type=click.Choice(list(SCENARIOS)), default="hogs", show_default=True, help="What the processes do."
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.5, max=300),
    default=5.0,
    show_default=True,
    metavar="S",
    help="How long they are measured.",
)
@click.option(
    "--cpu", type=click.IntRange(min=0), metavar="N", help="The processor they share; by default the least busy one."
)
@click.option("--json", is_flag=True, help="Print a JSON document and nothing else.")
def validate_command(scenario: str, seconds: float, cpu: int | None, json: bool) -> int:
    """Run real processes on one processor, and set what the kernel gave them beside what the emulator gives them.

    Their shares of the processor, and how long they waited for it when they woke up, are read from /proc. The emulator
    runs the same processes under eevdf and cfs. Negative nice values need root; others get nice values from 0 on.
    As root they also come before all other programs of that processor meanwhile, so that only they share it.

    \b
    Examples:
      climb sched validate
      climb sched validate --scenario mixed --seconds 20
      climb sched validate --scenario sleepers --cpu 3 --json

    \b
    Exit codes: 0 the shares are as close as they should be, 1 they are not, 2 wrong usage, 3 not possible here.
    """
    _must_exist(cpu)
    try:
        with _progress(f"{scenario}, {seconds:g} s", shown=not json) as told:
            found = validate(SCENARIOS[scenario], seconds=seconds, cpu=cpu, progress=told)
    except CannotMeasure as error:
        raise SetupError(str(error)) from error
    if json:
        print_json(found)
    else:
        _show(found)
    return 0 if found.within else 1


def _must_exist(cpu: int | None) -> None:
    if cpu is None:
        return
    try:
        known = processors()
    except CannotMeasure as error:
        raise SetupError(str(error)) from error
    if cpu not in known:
        raise UsageError(f"there is no processor {cpu} to run on; there are {', '.join(map(str, sorted(known)))}")


@contextmanager
def _progress(title: str, *, shown: bool) -> Iterator[Told | None]:
    """A bar on standard error, if that is a terminal."""
    out = console(stderr=True)
    if not (shown and out.is_terminal):
        yield None
        return
    with Progress(TextColumn("{task.description}"), BarColumn(), console=out, transient=True) as progress:
        bar = progress.add_task(title, total=1.0)
        yield lambda part: progress.update(bar, completed=part)


def _show(found: Validation) -> None:
    out, sign = console(), symbols()

    def say(text: str, style: str = "") -> None:
        out.print(textwrap.fill(text, max(out.width, 20)), style=style)  # rich would leave spaces at the ends

    kernel = found.kernel
    hz = f", {kernel.hz} Hz" if kernel.hz else ""
    out.print(Text(f"{found.scenario}: {found.says}", style="bold"))
    say(
        f"Linux {kernel.release} ({kernel.policy}{hz}, slice {kernel.slice_us / 1000:g} ms from {kernel.slice_from}), "
        f"processor {found.cpu}, {found.seconds:.1f} s."
    )
    if found.nice_raised:
        say("Negative nice values need root; all were raised so that none is negative.")
    if found.busy_before > _BUSY:
        say(f"Before we began, other programs kept it {found.busy_before:.0%} busy.")
    if found.precedence:
        say("The workers' session came before other programs (autogroup nice -20), as root may ask for.")
    out.print("\nShare of the processor, in percent of what all workers used")
    out.print(_shares(found))
    if any(row.wait for row in found.workers):
        out.print()
        say("Wait for the processor after a wake-up, in ms: mean, and what one in a hundred exceeds")
        out.print(_waits(found))
        say(
            "The kernel looks at slices only at its timer ticks, and since 6.12 lets a sleeping task pay back what it had too "
            "much. The emulator does neither, so waits differ more than shares.",
            style="dim",
        )
    out.print()
    mark, verb = (sign.passed, "within") if found.within else (sign.failed, "outside")
    say(
        f"{mark} Shares under {kernel.policy} are {found.error:.2f} points apart at most: {verb} the goal of {found.goal:g}.",
        style="green" if found.within else "red",
    )
    say(f"Other programs had {found.others:.1%} of the processor, other machines {found.stolen:.1%}.", style="dim")
    for reason in found.reasons:
        out.print(textwrap.fill(reason, max(out.width, 20), initial_indent="  ", subsequent_indent="  "))


def _table(*names: str) -> Table:
    columns = (Column(name, justify="right", no_wrap=True) for name in names)
    return Table(Column("worker"), *columns, box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")


def _shares(found: Validation) -> Table:
    table = _table("nice", "measured", "eevdf", "error", "cfs", "error")
    for row in found.workers:
        numbers = (
            f"{row.share:.2f}",
            f"{row.eevdf_share:.2f}",
            f"{row.error:+.2f}",
            f"{row.cfs_share:.2f}",
            f"{row.cfs_error:+.2f}",
        )
        table.add_row(_named(row), str(row.nice), *numbers)
    return table


def _waits(found: Validation) -> Table:
    table = _table("wake-ups", "measured", "eevdf", "cfs")
    for row in found.workers:
        if row.pause_us:
            table.add_row(_named(row), f"{row.wake_ups:,}", *map(_wait, (row.wait, row.eevdf_wait, row.cfs_wait)))
    return table


def _named(row: Beside) -> str:
    return f"{row.name} {row.work_us / 1000:g}+{row.pause_us / 1000:g} ms" if row.pause_us else row.name


def _wait(wait: Spread | None) -> str:
    return f"{wait.mean / 1000:.2f} {wait.p99 / 1000:6.2f}" if wait else "none"
