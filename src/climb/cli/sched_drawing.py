"""A schedule that is there, written as a chart for people: by a terminal's means, or into a file."""

from __future__ import annotations

from typing import IO, NamedTuple

from climb.cli.console import console, symbols
from climb.systems.scheduler.model import Schedule, Workload

__all__ = ["Drawing", "write_gantt", "write_svg"]

_FILE_WIDTH = 100


class Drawing(NamedTuple):
    """What is drawn, and where to."""

    workload: Workload
    schedule: Schedule
    name: str
    to_file: bool
    every_tick: bool = False


def write_gantt(out: IO[bytes], drawing: Drawing) -> None:
    """The chart and the tables as text: in the terminal's columns and signs, or for a file, which has room for every task."""
    from climb.systems.scheduler.output.terminal import lines

    real, shown = console(), {}
    if drawing.to_file:
        shown = {"most_tasks": len(drawing.workload.tasks)}
    drawn = lines(
        drawing.workload,
        drawing.schedule,
        name=drawing.name,
        width=_FILE_WIDTH if drawing.to_file else real.width,
        ascii_only=not drawing.to_file and symbols().dot != "·",
        every_tick=drawing.every_tick,
        **shown,
    )
    for line in drawn:
        if drawing.to_file:
            out.write(line.plain.rstrip().encode() + b"\n")
        else:
            line.rstrip()
            real.print(line, soft_wrap=True)


def write_svg(out: IO[bytes], drawing: Drawing) -> None:
    """The chart as a picture."""
    from climb.systems.scheduler.output.picture import picture

    out.write(picture(drawing.workload, drawing.schedule).encode())
