"""Tables and timelines in a report: laid out for the width, the row and the moment pointed at."""

import io
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from climb.cli.console import Symbols
from climb.cli.facts import table_lines, timeline_lines
from climb.cli.report import Reporter
from climb.gantt.model import Row, Span
from climb.judge.evidence import Evidence, Table, Timeline
from climb.judge.gate.wrong import normalised
from climb.judge.verdict import CheckResult, Status, Verdict

TASKS = Table(
    subject="the tasks at tick 4",
    columns=("task", "state", "left", "virtual runtime"),
    rows=(("A", "in I/O", "", "16777216"), ("B", "ready", "7", "0"), ("C", "ready", "12", "-5")),
    mark=2,
)
CHART = Timeline(
    subject="yours, and what the rules ask",
    unit="ticks",
    rows=(Row("yours, cpu 0", (Span(0, 4, "A"), Span(4, 8, "B"))), Row("by the rules, cpu 0", (Span(0, 4, "A"),))),
    moment=4,
)


def table(width: int, *, ascii_only: bool = False) -> list[str]:
    return [line.plain for line in table_lines(TASKS, width, ascii_only=ascii_only)]


def report(*evidence: Evidence, width: int = 80, signs: str = "✓✗?··", colour: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False, markup=False, color_system=None, no_color=not colour)
    verdict = Verdict(
        project="p", submission="/s", language="l", seed="41c2", judge="0", run="r", started_at="", build_seconds=None,
        stages=(), passed=0, total=0,
    )  # fmt: skip
    check = CheckResult(id="c", number="1.1", status=Status.FAILED, claim="It holds.", evidence=evidence)
    Reporter(console, Symbols(*signs), Path("/s")).failure(None, check, verdict, hints_left=0)
    return out.getvalue()


def test_a_table_has_columns_and_points_at_its_row() -> None:
    """Words at the left of their column, figures at the right."""
    assert table(60) == [
        "  task  state   left  virtual runtime",
        "  A     in I/O               16777216",
        "  B     ready      7                0",
        "→ C     ready     12               -5",
    ]


def test_a_table_too_wide_becomes_lines() -> None:
    """Each fact with its name, nothing lost, the row still pointed at."""
    assert table(30) == [
        "  A  state: in I/O,",
        "    virtual runtime: 16777216",
        "  B  state: ready, left: 7,",
        "    virtual runtime: 0",
        "→ C  state: ready, left: 12,",
        "    virtual runtime: -5",
    ]


@pytest.mark.parametrize("width", [24, 40, 60])
def test_plain_terminals_get_plain_facts(width: int) -> None:
    """ASCII, with an arrow made of two signs."""
    lines = table(width, ascii_only=True)

    assert all(line.isascii() for line in lines)
    assert [line for line in lines if line.startswith("->")]


def test_a_table_without_a_mark_points_at_nothing() -> None:
    """Nor does one without rows fail."""
    plain = Table(subject="s", columns=("a", "b"), rows=(("1", "x"),))

    assert [line.plain for line in table_lines(plain, 40, ascii_only=False)] == ["a  b", "1  x"]
    assert [line.plain for line in table_lines(Table(subject="s", columns=("a",), rows=()), 40, ascii_only=False)] == [
        "a"
    ]


def test_a_long_timeline_is_shown_around_its_moment() -> None:
    """So that every tick can be seen, and a line says which part it is."""
    long = Timeline(
        subject="s",
        unit="ticks",
        rows=(Row("cpu 0", tuple(Span(at, at + 1, "AB"[at % 2]) for at in range(5000))),),
        moment=700,
    )
    lines = [line.plain for line in timeline_lines(long, 80, ascii_only=False)]

    assert "Shown: 680 to 720 of 5,000 ticks." in lines
    assert lines[0].strip() == "▼ at 700"


def test_a_report_shows_both() -> None:
    """Under their subjects, indented alike, and without colours the same."""
    text = report(CHART, TASKS)

    assert "        timeline  yours, and what the rules ask\n" in text
    assert "\n          yours, cpu 0         A━━" in text
    assert "        table     the tasks at tick 4\n            task  state" in text
    assert "\n          → C     ready     12" in text
    assert report(CHART, TASKS, colour=True) == text


@pytest.mark.parametrize("width", [40, 60, 80, 110])
@pytest.mark.parametrize("signs", ["✓✗?··", "+x?--"])
def test_reports_with_drawings_keep_the_width(width: int, signs: str) -> None:
    """Whatever is drawn."""
    assert max(map(cell_len, report(CHART, TASKS, width=width, signs=signs).splitlines())) <= width


def test_nothing_in_them_steers_the_terminal() -> None:
    """Labels and cells come from a program."""
    evil = "\x1b[2J\n"
    table = Table(subject=evil, columns=(evil,), rows=((evil,),), mark=0)
    chart = Timeline(subject=evil, unit=evil, rows=(Row(evil, (Span(0, 9, evil),)),), moment=1)

    assert "\x1b" not in report(table, chart)


def test_the_gate_does_not_compare_what_they_look_like() -> None:
    """Another workload of the same check gives another drawing, and the same report."""
    other = Timeline(subject=CHART.subject, unit="ticks", rows=(Row("yours, cpu 0", (Span(0, 90, "Z"),)),), moment=9)
    fewer = Table(subject=TASKS.subject, columns=TASKS.columns, rows=TASKS.rows[1:], mark=0)

    assert normalised(report(other, fewer)) == normalised(report(CHART, TASKS))
    assert normalised(report(TASKS)) != normalised(report(CHART, TASKS))
