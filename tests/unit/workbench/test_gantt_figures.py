"""Timelines and tables on a run's page: what they quote is text, and those who can't see them are told the same."""

import xml.etree.ElementTree as ET

from climb.gantt.model import Row, Span
from climb.judge.evidence import Table, Timeline
from climb.workbench.render.gantt import facts_table, timeline_chart
from climb.workbench.templating import fragment

EVIL = "<script>alert(1)</script>\x1b"
TASKS = Table(subject="the tasks at tick 4", columns=("task", "left"), rows=(("A", "3"), ("B", "12")), mark=1)
CHART = Timeline(
    subject="what ran", unit="ticks", rows=(Row("yours, cpu 0", (Span(0, 4, "A"), Span(4, 9, "B"))),), moment=4
)


def parsed(markup: str) -> ET.Element:
    return ET.fromstring(f"<div>{markup}</div>")


def words(markup: str) -> str:
    return " ".join(" ".join(parsed(markup).itertext()).split())


def test_the_row_pointed_at_says_so() -> None:
    """To the eye an arrow, to a screen reader words; figures stand at the right."""
    table = parsed(facts_table(TASKS))
    (marked,) = [row for row in table.iter("tr") if row.get("class") == "marked"]

    assert " ".join("".join(cell.itertext()) for cell in marked) == "→this one B 12"
    assert [cell.get("class") for cell in marked][1:] == [None, "figure"]


def test_a_table_without_a_mark_has_no_column_for_it() -> None:
    """Nothing is pointed at."""
    assert "pointer" not in facts_table(Table(subject="s", columns=("a",), rows=(("x",),)))


def test_a_timeline_is_a_figure_with_its_spans_as_text() -> None:
    """The drawing has a name that tells it, and below it is a table."""
    figure = timeline_chart(CHART)

    assert "what ran" in words(figure)
    assert "yours, cpu 0 A 0 4 yours, cpu 0 B 4 9" in words(figure)
    assert 'aria-label="Gantt chart, ticks 0 to 9. Pointed at: 4.' in figure


def test_a_long_timeline_is_shown_around_its_moment() -> None:
    """And the page stays small: of many spans the first are told as text."""
    spans = tuple(Span(at, at + 1, f"task{at % 5}") for at in range(20_000))
    figure = timeline_chart(Timeline(subject="s", unit="ticks", rows=(Row("cpu 0", spans),), moment=7000))

    assert "Shown: 6,970 to 7,030 of 20,000 ticks." in figure
    assert "The first 200 of 20,000 spans." in figure
    assert len(figure) < 60_000


def test_what_they_quote_is_text() -> None:
    """Labels, cells and units come from a program."""
    chart = timeline_chart(Timeline(subject=EVIL, unit=EVIL, rows=(Row(EVIL, (Span(0, 9, EVIL),)),), moment=1))
    table = facts_table(Table(subject=EVIL, columns=(EVIL,), rows=((EVIL,),), mark=0))

    assert "<script" not in chart + table
    assert "\x1b" not in chart + table


def test_the_page_of_a_run_shows_them() -> None:
    """The macro that shows evidence knows both kinds."""
    shown = fragment("parts/evidence.html", "show", piece=CHART) + fragment("parts/evidence.html", "show", piece=TASKS)

    assert 'class="gantt"' in shown
    assert 'class="facts-table"' in shown
