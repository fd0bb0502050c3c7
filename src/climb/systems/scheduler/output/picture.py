"""A schedule as one SVG file: it brings its own colours, light and dark, and looks the same in every browser and viewer."""

from __future__ import annotations

from climb.gantt.style import style
from climb.gantt.svg import svg
from climb.systems.scheduler.model import Schedule, Workload
from climb.systems.scheduler.output.rows import rows_of

__all__ = ["WIDTH", "picture"]

WIDTH = 960


def picture(workload: Workload, schedule: Schedule) -> str:
    """The chart of all processors on the page's colour, as an XML document."""
    rows = rows_of(schedule.timeline, workload.cpus)
    drawing = svg(rows, width=WIDTH, order=[task.id for task in workload.tasks])
    begin, _, rest = drawing.partition(">")
    ground = '<rect width="100%" height="100%" class="ground"/>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{begin}><style>{style("svg")}</style>{ground}{rest}\n'
