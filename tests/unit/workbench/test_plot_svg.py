"""Plots on a page: drawings without colours of their own, marks where their value is, text that stays inside."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from climb.judge.evidence import Reading, Series
from climb.labs.plot import Axis, Bar, BarPlot, Line, LinePlot, Mark, Plot, Point, Strip, StripPlot
from climb.workbench.render.lettering import text_width
from climb.workbench.render.plot import plot, reading, series
from climb.workbench.render.plot_lines import frame

SVG = "{http://www.w3.org/2000/svg}"
PATH = re.compile(r"[MLHVAhz0-9. -]*")  # and no nan, no inf, no exponent
ATTRIBUTES = {
    "viewBox",
    "role",
    "aria-label",
    "class",
    "d",
    "x",
    "y",
    "cx",
    "cy",
    "r",
    "width",
    "height",
    "dx",
    "text-anchor",
}

BARS = BarPlot(
    title="Time of a request",
    alt="A new connection takes 120 µs, a kept one 40 µs.",
    axis=Axis(label="time of a request", unit="µs"),
    bars=(Bar(label="new connection", value=120, low=110, high=140), Bar(label="kept open", value=40)),
    marks=(Mark(value=80, label="you predicted 2 ×"),),
)
LINES = LinePlot(
    title="Time by size",
    alt="From 1,000 µs to 10 µs.",
    x=Axis(label="size", unit="bytes", log=True),
    y=Axis(label="time", unit="µs", log=True),
    lines=(
        Line(label="one", points=(Point(x=1, y=1000, low=900, high=1100), Point(x=1000, y=10))),
        Line(label="other", points=(Point(x=1, y=100), Point(x=1000, y=10.1))),
    ),
    marks=(Mark(value=100, label="you predicted 10 ×"), Mark(value=101, label="the limit")),
)
STRIPS = StripPlot(
    title="Every commit",
    alt="Most within 1 to 3 ms.",
    axis=Axis(label="time", unit="ms"),
    strips=(Strip(label="fsync", values=(1, 2, 3, 2, 2)), Strip(label="nothing", values=())),
)


def drawing(markup: str) -> ET.Element:
    """The SVG in a figure; the whole figure has to be well-formed."""
    found = ET.fromstring(markup).find(f"{SVG}svg")
    assert found is not None
    return found


def texts(svg: ET.Element) -> Iterator[tuple[str, float, float, float]]:
    """Each text with its left and right end, as estimated, and its baseline."""
    for text in svg.iter(f"{SVG}text"):
        written = "".join(text.itertext())
        classes = (text.get("class") or "").split()
        wide = text_width(written, 12.0 if "small" in classes else 14.0)
        x = float(text.get("x") or 0)
        left = {"start": x, "middle": x - wide / 2, "end": x - wide}[text.get("text-anchor", "start")]
        yield written, left, left + wide, float(text.get("y") or 0)


def paths(svg: ET.Element, class_: str) -> list[str]:
    """The paths that have a class."""
    return [path.get("d") or "" for path in svg.iter(f"{SVG}path") if class_ in (path.get("class") or "").split()]


@pytest.mark.parametrize("shown", [BARS, LINES, STRIPS])
def test_a_plot_is_a_named_picture_in_a_figure(shown: Plot) -> None:
    """Title as caption; the words for those who can't see it; every value in the table."""
    markup = str(plot(shown))
    svg = drawing(markup)

    assert svg.get("role") == "img"
    assert svg.get("aria-label") == shown.alt
    assert f"<figcaption>{shown.title}</figcaption>" in markup
    assert "<summary>The numbers</summary>" in markup


@pytest.mark.parametrize("shown", [BARS, LINES, STRIPS])
def test_colours_come_from_classes_only(shown: Plot) -> None:
    """No attribute that a strict content security policy or a dark page would mind."""
    used = {name for element in drawing(str(plot(shown))).iter() for name in element.attrib}

    assert used <= ATTRIBUTES


def test_bars_begin_at_zero_and_end_at_their_value() -> None:
    """Lengths are in proportion to the values."""
    widths = [float(rect.get("width") or 0) for rect in drawing(str(plot(BARS))).iter(f"{SVG}rect")]

    assert widths[0] == pytest.approx(3 * widths[1], abs=0.3)


def test_a_mark_stands_at_its_value() -> None:
    """Its line is as far from the bars' beginning as a bar of that value would reach."""
    svg = drawing(str(plot(BARS)))
    new, kept = svg.iter(f"{SVG}rect")
    (line,) = paths(svg, "mark")
    at = float(re.findall(r"[\d.]+", line)[0])
    begin, long, short = (float(value or 0) for value in (new.get("x"), new.get("width"), kept.get("width")))

    assert at == pytest.approx(begin + (long + short) / 2, abs=0.3)  # 80 is the middle of 120 and 40


def test_a_mark_across_lines_stands_at_its_value() -> None:
    """On a logarithmic axis too: 100 is in the middle of 10 and 1000, which the lines pass through."""
    here = frame(LINES)
    heights = sorted(float(re.findall(r"[\d.]+", line)[1]) for line in paths(drawing(str(plot(LINES))), "mark"))

    assert heights[1] == pytest.approx((here.up(10) + here.up(1000)) / 2, abs=0.2)


def test_a_mark_far_beyond_the_values_says_so() -> None:
    """The bars stay readable, and the mark's label tells that it is not where its line is."""
    far = msgspec.structs.replace(BARS, marks=(Mark(value=1e6, label="you predicted 25,000 ×"),))
    markup = str(plot(far))

    assert "(beyond" in markup
    assert max(float(rect.get("width") or 0) for rect in drawing(markup).iter(f"{SVG}rect")) > 100


def test_labels_beside_lines_do_not_touch() -> None:
    """Marks and lines that end at the same place have their names one below the other."""
    here = frame(LINES)
    rows = sorted(y for _, left, _, y in texts(drawing(str(plot(LINES)))) if left > here.left + here.width + 4)

    assert len(rows) >= 4
    assert all(below - above >= 15 for above, below in pairwise(rows))


def test_an_interval_is_a_whisker_and_in_the_table() -> None:
    """A bar with an interval has one, a bar without has none."""
    markup = str(plot(BARS))

    assert len(paths(drawing(markup), "whisker")) == 1
    assert "110 to 140" in markup


def test_a_bar_on_a_logarithmic_axis_is_a_dot() -> None:
    """Such an axis has no zero, so a length would say nothing."""
    svg = drawing(str(plot(msgspec.structs.replace(BARS, axis=Axis(label="time", unit="µs", log=True)))))

    assert not list(svg.iter(f"{SVG}rect"))
    assert len(list(svg.iter(f"{SVG}circle"))) == 2


def test_what_a_program_wrote_is_only_text() -> None:
    """Markup and control characters in a label are shown."""
    markup = str(plot(msgspec.structs.replace(BARS, title="<script>\x1b[2J", alt='"><b>')))

    assert "<script>" not in markup
    assert "&lt;script&gt;\\x1b[2J" in markup


def test_only_line_plots_carry_data_for_the_script() -> None:
    """The script needs the frame of the drawing, and every point."""
    figure = ET.fromstring(str(plot(LINES)))
    data = msgspec.json.decode(figure.get("data-plot") or "")

    assert data["lines"][0]["points"][0] == [1.0, 1000.0, 900.0, 1100.0]
    assert "data-plot" not in str(plot(BARS))


def test_a_reading_shows_its_limit() -> None:
    """The value as a bar, the limit as a line."""
    piece = Reading(subject="time for 1000 ports", value=3.2, limit=2.0, unit="s", calibration="twice our own time")
    svg = drawing(str(reading(piece)))

    assert svg.get("aria-label") == "time for 1000 ports: 3.2 s, limit 2 s."
    assert len(paths(svg, "mark")) == 1


@pytest.mark.parametrize("points", [(), ((0.0, 1.0),), ((0.0, 0.0), (1.0, 0.0))])
def test_a_series_of_any_length_can_be_drawn(points: tuple[tuple[float, float], ...]) -> None:
    """None, one, or all the same."""
    svg = drawing(str(series(Series(subject="memory", unit="MiB", points=points, limit=64))))

    assert len(paths(svg, "mark")) == 1


finite = st.floats(allow_nan=False, allow_infinity=False)
words = st.text(max_size=60)
axes = st.builds(Axis, label=words, unit=st.text(max_size=12), log=st.booleans())
marks = st.lists(st.builds(Mark, value=finite, label=words), max_size=3).map(tuple)
bars = st.builds(Bar, label=words, value=finite, low=st.none() | finite, high=st.none() | finite)
points = st.builds(Point, x=finite, y=finite, low=st.none() | finite, high=st.none() | finite)
lines = st.builds(Line, label=words, points=st.lists(points, max_size=6).map(tuple))
strips = st.builds(Strip, label=words, values=st.lists(finite, max_size=8).map(tuple))
plots = st.one_of(
    st.builds(BarPlot, title=words, alt=words, marks=marks, axis=axes, bars=st.lists(bars, max_size=5).map(tuple)),
    st.builds(
        LinePlot, title=words, alt=words, marks=marks, x=axes, y=axes, lines=st.lists(lines, max_size=4).map(tuple)
    ),
    st.builds(
        StripPlot, title=words, alt=words, marks=marks, axis=axes, strips=st.lists(strips, max_size=4).map(tuple)
    ),
)


@settings(max_examples=100, deadline=None)
@given(plots)
def test_whatever_was_measured_the_drawing_is_whole(shown: Plot) -> None:
    """Well-formed, with every text inside the picture and no coordinate that is no number."""
    svg = drawing(str(plot(shown)))
    _, _, width, height = map(float, (svg.get("viewBox") or "").split())

    assert all(PATH.fullmatch(path.get("d") or "") for path in svg.iter(f"{SVG}path"))
    for written, left, right, baseline in texts(svg):
        assert left >= -0.5, written
        assert right <= width + 0.5, written
        assert 8 <= baseline <= height, written
