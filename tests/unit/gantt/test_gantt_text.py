"""Gantt charts as text: exact to the column, within the width, readable without colour."""

import pytest
from hypothesis import given, strategies as st
from rich.cells import cell_len

from climb.gantt.axis import Window
from climb.gantt.model import Row, Span
from climb.gantt.text import chart, draw

YOURS = Row("yours", (Span(0, 4, "A"), Span(4, 6, "B"), Span(6, 7, "C"), Span(9, 12, "B")))
RULES = Row("rules", (Span(0, 4, "A"), Span(4, 5, "C"), Span(5, 10, "B")))
MANY = Row("cpu 0", tuple(Span(at * 5, at * 5 + 4, f"task{at % 90}") for at in range(400)))

LABELS = st.one_of(
    st.sampled_from(["A", "B", "editor", "漢字", "task10", "x\x1b[2J"]), st.text(min_size=1, max_size=12)
)
SPANS = st.lists(st.tuples(LABELS, st.integers(1, 300), st.integers(0, 50)), max_size=20)
ROWS = st.lists(st.tuples(st.text(max_size=30), SPANS), max_size=4)


def rows_of(drawn: list[tuple[str, list[tuple[str, int, int]]]]) -> list[Row]:
    rows = []
    for name, spans in drawn:
        at, found = 0, []
        for label, length, idle in spans:
            found.append(Span(at, at + length, label))
            at += length + idle
        rows.append(Row(name, tuple(found)))
    return rows


def test_a_chart_is_this() -> None:
    """Spans begin with their labels, idle ticks are dots, the moment has an arrow above and below."""
    assert draw([YOURS, RULES], width=60, moment=4) == [
        "                       ▼ at 4",
        "yours  A━━━━━━━━━━━━━━━B═══════C───········B═══════════",
        "rules  A━━━━━━━━━━━━━━━C───B═══════════════════········",
        "       ┴───┴───┴───┴───▲───┴───┴───┴───┴───┴───┴───┴───┴",
        "       0   1   2   3   4   5   6   7   8   9   10  11 ticks",
    ]


def test_the_axis_has_its_numbers_below_its_ticks() -> None:
    """Every number begins in the column of its tick, and the unit follows them."""
    floor, numbers = draw([YOURS], width=60)[-2:]

    for tick in (0, 3, 8):
        assert floor[7 + tick * 4] == "┴"
        assert numbers[7 + tick * 4 :].startswith(str(tick))
    assert numbers.endswith(" ticks")


def test_labels_stand_in_their_spans_where_they_fit() -> None:
    """Otherwise a letter stands for them, which the key explains."""
    row = Row("cpu 0", (Span(0, 1, "editor"), Span(1, 9, "build"), Span(9, 40, "editor")))

    drawn = draw([row], width=60)

    assert drawn[0] == "cpu 0  eb━━━━━━━editor═════════════════════════"
    assert drawn[-1] == "b build  e editor"


def test_a_short_chart_gets_columns_enough_for_its_labels() -> None:
    """One tick is as wide as the longest label needs."""
    row = Row("cpu 0", (Span(0, 1, "compile"), Span(1, 2, "link")))

    assert draw([row], width=80)[0] == "cpu 0  compile━link════"


def test_spans_of_the_same_label_that_touch_are_two() -> None:
    """Both begin with the label: a slice that ended is seen."""
    row = Row("cpu 0", (Span(0, 2, "A"), Span(2, 4, "A")))

    assert draw([row], width=80)[0] == "cpu 0  A━━━━━━━A━━━━━━━"


def test_several_ticks_in_a_column_are_owned_up_to() -> None:
    """A note says how many, and what is shown of them."""
    drawn = draw([Row("cpu 0", MANY.spans[:120])], width=60)

    assert drawn[0].startswith("cpu 0  0358tsAKDF")
    assert " ".join(drawn[3:5]) == "One column is 12 ticks and shows what ran longest in it; · if most of it was idle."
    assert drawn[5].startswith("0 task0  2 task2  3 task3")


def test_a_mixture_does_not_look_like_one_task() -> None:
    """Where nothing ran for a third of a column, that is what it shows."""
    drawn = draw([MANY], width=60)

    assert drawn[0] == "cpu 0  " + "▒" * 50
    assert " ".join(drawn[3:]) == (
        "One column is 40 ticks and shows what ran longest in it; · if most of it was idle, ▒ if nothing ran for a third of it."
    )
    assert draw([MANY], width=60, ascii=True)[0] == "cpu 0  " + "%" * 50


def test_a_key_that_is_too_long_says_so() -> None:
    """Of ninety labels the first are explained; those without a sign of their own share one."""
    row = Row("cpu 0", tuple(Span(at, at + 1, f"task{at}") for at in range(90)))
    drawn = draw([row], width=100)

    assert drawn[0].endswith("#")
    assert drawn[3].startswith("0 task0  1 task1")
    assert drawn[-1] == "… the key goes on"


def test_part_of_the_time_can_be_shown() -> None:
    """A note says which part; what begins before it begins with it."""
    drawn = draw([MANY], width=60, window=Window(100, 112), moment=106)

    assert "Shown: 100 to 112 of 1,999 ticks." in drawn
    assert drawn[1].count("·") == 4 * 2
    assert "at 106" in drawn[0]


def test_names_too_long_for_the_side_stand_above() -> None:
    """So the chart keeps its width."""
    row = Row("a row with a very long name", (Span(0, 4, "A"),))

    assert draw([row], width=40)[:2] == ["a row with a very long name", "A━━━━━━━━━━━━━━━"]


def test_a_moment_near_the_end_has_its_words_before_it() -> None:
    """They stay within the width."""
    row = Row("", (Span(0, 20, "A"),))

    assert draw([row], width=21, moment=20)[0] == "at 20 ▼".rjust(21)


@pytest.mark.parametrize("width", [20, 60, 80, 200])
def test_plain_terminals_get_ascii(width: int) -> None:
    """All of it, also labels that have other letters."""
    drawn = draw([YOURS, MANY, Row("größe", (Span(0, 3, "naïve"),))], width=width, moment=4, ascii=True)

    assert all(line.isascii() for line in drawn)


@given(ROWS, st.integers(20, 200), st.one_of(st.none(), st.integers(0, 7000)), st.booleans())
def test_no_line_is_wider_than_the_terminal(drawn: list, width: int, moment: int | None, ascii_only: bool) -> None:
    """Whatever the labels, the times and the moment; and nothing steers the terminal."""
    lines = draw(rows_of(drawn), width=width, moment=moment, ascii=ascii_only)

    assert max(map(cell_len, lines)) <= width
    assert not any("\x1b" in line or "\n" in line for line in lines)


@given(ROWS)
def test_the_pieces_are_the_lines(drawn: list) -> None:
    """Colour changes no text; a span's piece has the number of its label."""
    rows = rows_of(drawn)
    pieces = chart(rows, width=80)

    assert ["".join(piece.text for piece in line).rstrip() for line in pieces] == draw(rows, width=80)
    assert all((piece.number >= 0) == (piece.kind == "span") for line in pieces for piece in line)
