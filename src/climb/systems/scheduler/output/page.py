"""A schedule as one HTML file: it asks nobody for anything, needs no scripts, and prints well."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import msgspec

from climb.gantt.facts import are_figures
from climb.gantt.style import style
from climb.gantt.svg import svg
from climb.printable import printable
from climb.systems.scheduler.model import Options, Schedule, Workload
from climb.systems.scheduler.output.measures import Facts, summary_facts, task_facts, title
from climb.systems.scheduler.output.picture import WIDTH
from climb.systems.scheduler.output.rows import rows_of

__all__ = ["made_from", "page"]

_ROWS_MOST = 1000

_STYLE = """\
html { color-scheme: light dark; background: var(--page); color: var(--text); font: 100%/1.5 system-ui, sans-serif; }
body { max-width: 62rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { font-size: 1.125rem; margin-top: 2rem; }
.wide { overflow-x: auto; }
.gantt { display: block; width: 100%; min-width: 44rem; height: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
td { white-space: nowrap; }
th, td { padding: 0.25rem 1rem 0.25rem 0; border-bottom: 1px solid var(--rule); text-align: left; vertical-align: top; }
.figure { text-align: right; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1.5rem; }
dt { color: var(--dim); }
dd { margin: 0; }
code { font-family: ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
a { color: var(--accent); }
@media print { @page { size: landscape; } body { max-width: none; padding: 0; } .gantt { min-width: 0; } .wide { overflow: visible; } tr, svg { break-inside: avoid; } }
"""


def page(workload: Workload, schedule: Schedule, *, name: str, rule: str, source: Sequence[tuple[str, str]]) -> str:
    """Chart, measures, and what they were made from, ``source``, as names with values."""
    heading = _text(title(workload, schedule, name))
    drawing = svg(rows_of(schedule.timeline, workload.cpus), width=WIDTH, order=[task.id for task in workload.tasks])
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{heading}</title>
<style>
{style(":root")}{_STYLE}</style>
</head>
<body>
<main>
<h1>{heading}</h1>
<p>{_text(rule)}</p>
<div class="wide" tabindex="0" role="region" aria-label="Gantt chart">{drawing}</div>
<h2>As a whole</h2>
{_pairs(summary_facts(workload, schedule))}
<h2>Each task</h2>
{_table(task_facts(workload, schedule, most=_ROWS_MOST))}
<h2>Made from</h2>
{_pairs(source)}
</main>
</body>
</html>
"""


def made_from(workload: Workload, options: Options) -> Sequence[tuple[str, str]]:
    """The options that differ from their defaults, and what the machine was like."""
    usual = Options(policy=options.policy)
    given = {name: value for name, value in msgspec.structs.asdict(options).items() if value != getattr(usual, name)}
    machine = {
        "processors": workload.cpus,
        "switch cost": workload.switch_cost,
        "migration cost": workload.migration_cost,
    }
    facts = [
        ("policy", options.policy),
        *((f"--{name}", str(value)) for name, value in given.items() if name != "policy"),
    ]
    return [*facts, *((name, f"{value:,}") for name, value in machine.items())]


def _pairs(facts: Sequence[tuple[str, str]]) -> str:
    return "<dl>" + "".join(f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in facts) + "</dl>"


def _table(facts: Facts) -> str:
    figures = [are_figures([row[at] for row in facts.rows]) for at in range(len(facts.columns))]
    classes = [' class="figure"' if figure else "" for figure in figures]
    head = "".join(
        f'<th scope="col"{look}>{_text(name)}</th>' for name, look in zip(facts.columns, classes, strict=True)
    )
    body = "".join(
        f'<tr><th scope="row">{_text(row[0])}</th>'
        + "".join(f"<td{look}>{_text(cell)}</td>" for cell, look in zip(row[1:], classes[1:], strict=True))
        + "</tr>"
        for row in facts.rows
    )
    left = f"<p>Those that waited longest; {facts.left_out:,} more are left out.</p>" if facts.left_out else ""
    return (
        '<div class="wide" tabindex="0" role="region" aria-label="Each task">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{left}"
    )


def _text(text: str) -> str:
    return escape(printable(text))
