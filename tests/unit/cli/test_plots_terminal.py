"""Plots in the terminal: as long as they should be, as wide as the terminal at most, in signs that it has."""

import pytest
from hypothesis import given, settings, strategies as st
from rich.cells import cell_len

from climb.cli.plots import draw, signs_for
from climb.labs.plot import Axis, Bar, BarPlot, Line, LinePlot, Mark, Plot, Point, Strip, StripPlot

UNICODE, ASCII = signs_for(ascii_only=False), signs_for(ascii_only=True)

BARS = BarPlot(
    title="Time of a request",
    alt="…",
    axis=Axis(label="time of a request", unit="µs"),
    bars=(Bar(label="new connection", value=120, low=110, high=130), Bar(label="kept open", value=60)),
    marks=(Mark(value=120, label="you predicted 2 ×"),),
)
LINES = LinePlot(
    title="Time by size",
    alt="…",
    x=Axis(label="size", unit="bytes", log=True),
    y=Axis(label="time", unit="µs", log=True),
    lines=(
        Line(label="with", points=(Point(x=1, y=1e7), Point(x=1000, y=10))),
        Line(label="without", points=(Point(x=1, y=100), Point(x=1000, y=20))),
    ),
    marks=(Mark(value=500, label="you predicted 5 ×"),),
)
STRIPS = StripPlot(
    title="Every commit",
    alt="…",
    axis=Axis(label="time", unit="ms"),
    strips=(Strip(label="fsync", values=(1, 2, 2, 2, 3)), Strip(label="nothing", values=())),
)


def written(plot: Plot, width: int = 80, *, ascii_only: bool = False) -> list[str]:
    """The lines as plain text, without spaces at their ends."""
    return [line.plain.rstrip() for line in draw(plot, width, ASCII if ascii_only else UNICODE)]


def test_bars_are_in_proportion() -> None:
    """Half the value, half the length; eighths of a column for the rest."""
    long, short = (line for line in written(without_marks(BARS)) if line.startswith("█"))

    assert abs(len(long) - 2 * len(short)) <= 1


def test_an_interval_is_told_in_numbers() -> None:
    """Value, unit and interval stand beside the bar's name."""
    assert "new connection  120 µs (110 to 130)" in written(BARS)


def test_a_mark_runs_through_the_bars_where_its_value_is() -> None:
    """In the column in which a bar of its value ends."""
    lines = written(BARS)
    mark = next(line for line in lines if "you predicted" in line).index("┊")
    bar = next(line for line in lines if line.startswith("█"))

    assert abs(mark - len(bar)) <= 1
    assert all(line[mark] == "┊" for line in lines if line.startswith("█"))


def test_lines_have_points_names_and_marks() -> None:
    """Each line has a sign of its own, which its name begins with."""
    lines = written(LINES)

    assert any("●" in line and "│" in line for line in lines)
    assert "● with: 10 µs at the end" in lines
    assert "■ without: 20 µs at the end" in lines
    assert "┄┄ you predicted 5 ×" in lines


def test_a_heap_shows_where_measurements_are() -> None:
    """The most in the middle, with the median below."""
    lines = written(STRIPS)
    heap = next(line for line in lines if "█" in line)

    assert heap.strip()[0] == heap.strip()[-1] != "█"
    assert "fsync  median 2 ms, half of 5 within 2 to 2" in lines
    assert next(line for line in lines if "▲" in line).index("▲") == heap.index("█")


@pytest.mark.parametrize("plot", [BARS, LINES, STRIPS])
def test_a_plain_terminal_gets_plain_signs(plot: Plot) -> None:
    """ASCII and nothing else, the text of the lab included."""
    text = "\n".join(written(plot, ascii_only=True))

    assert text.isascii()


def test_powers_of_ten_are_written_plainly() -> None:
    """Where a superscript would be lost, 10⁶ must not read 106."""
    text = "\n".join(written(LINES, ascii_only=True))

    assert "10^6" in text
    assert "106" not in text


@pytest.mark.parametrize("plot", [BARS, LINES, STRIPS])
@pytest.mark.parametrize("width", [24, 40, 60, 120])
def test_no_line_is_wider_than_the_terminal(plot: Plot, width: int) -> None:
    """Labels are broken, ticks are left out."""
    assert max(cell_len(line.plain) for line in draw(plot, width, UNICODE)) <= width


finite = st.floats(allow_nan=False, allow_infinity=False)
words = st.text(max_size=40)
axes = st.builds(Axis, label=words, unit=st.text(max_size=8), log=st.booleans())
marks = st.lists(st.builds(Mark, value=finite, label=words), max_size=3).map(tuple)
bars = st.builds(Bar, label=words, value=finite, low=st.none() | finite, high=st.none() | finite)
lines = st.builds(Line, label=words, points=st.lists(st.builds(Point, x=finite, y=finite), max_size=5).map(tuple))
strips = st.builds(Strip, label=words, values=st.lists(finite, max_size=6).map(tuple))
plots = st.one_of(
    st.builds(BarPlot, title=words, alt=words, marks=marks, axis=axes, bars=st.lists(bars, max_size=4).map(tuple)),
    st.builds(
        LinePlot, title=words, alt=words, marks=marks, x=axes, y=axes, lines=st.lists(lines, max_size=5).map(tuple)
    ),
    st.builds(
        StripPlot, title=words, alt=words, marks=marks, axis=axes, strips=st.lists(strips, max_size=3).map(tuple)
    ),
)


@settings(max_examples=100, deadline=None)
@given(plots, st.integers(min_value=24, max_value=130), st.booleans())
def test_whatever_was_measured_fits(plot: Plot, width: int, ascii_only: bool) -> None:
    """Any values and any text: something is drawn, on lines that fit, with nothing that could steer the terminal."""
    drawn = draw(plot, width, ASCII if ascii_only else UNICODE)

    assert drawn
    for line in drawn:
        assert cell_len(line.plain) <= width
        assert "\x1b" not in line.plain
        assert "\n" not in line.plain


def without_marks(plot: BarPlot) -> BarPlot:
    """The same bars alone, so that nothing is drawn over their ends."""
    return BarPlot(title=plot.title, alt=plot.alt, axis=plot.axis, bars=plot.bars)
