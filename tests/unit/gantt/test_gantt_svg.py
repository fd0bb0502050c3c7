"""Gantt charts as SVG: well-formed, without colours of their own, told in words, and never too heavy."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from climb import workbench
from climb.gantt.model import Row, Span
from climb.gantt.style import DARK, LIGHT, style
from climb.gantt.svg import STROKES, TINTS, alternative, svg

SVG = "{http://www.w3.org/2000/svg}"
ROWS = (
    Row("yours, cpu 0", (Span(0, 4, "A"), Span(4, 8, "B"), Span(11, 14, "B"))),
    Row("by the rules, cpu 0", (Span(0, 4, "A"), Span(4, 5, "compile"), Span(5, 12, "B"))),
)
TEXT = st.text(max_size=12)
DRAWN = st.lists(
    st.tuples(TEXT, st.lists(st.tuples(TEXT, st.integers(1, 2000), st.integers(0, 9)), max_size=12)), max_size=4
)


def rows_of(drawn: list[tuple[str, list[tuple[str, int, int]]]]) -> list[Row]:
    rows = []
    for name, spans in drawn:
        at, found = 0, []
        for label, length, idle in spans:
            found.append(Span(at, at + length, label))
            at += length + idle
        rows.append(Row(name, tuple(found)))
    return rows


def long_rows(spans: int) -> list[Row]:
    return [
        Row(f"cpu {cpu}", tuple(Span(at * 3, at * 3 + 2, f"task{(at * 7 + cpu) % 40}") for at in range(spans)))
        for cpu in range(4)
    ]


def spans_of(drawing: str) -> list[tuple[str, float, float]]:
    """Of each span that has a tooltip: its words, where it begins and where it ends."""
    found = []
    for group in ET.fromstring(drawing).iter(f"{SVG}g"):
        title = group.find(f"{SVG}title")
        if title is not None:
            body = group.find(f"{SVG}rect")
            assert body is not None
            x = float(body.attrib["x"])
            found.append((title.text or "", x, x + float(body.attrib["width"])))
    return found


def test_a_span_is_as_long_as_its_time() -> None:
    """To a unit: 4 of 14 ticks are 4/14 of the axis."""
    (first, second, *_) = spans_of(svg(ROWS))

    assert first[0] == "A: 0 to 4 ticks"
    assert first[2] - first[1] == pytest.approx((440 - 16) * 4 / 14, abs=1.1)
    assert second[1] == pytest.approx(first[2], abs=1.1)


def test_the_chart_is_told_in_words() -> None:
    """Its alternative text names the rows, the moment and who ran when."""
    words = alternative(ROWS, moment=4)

    assert words.startswith("Gantt chart, ticks 0 to 14. Pointed at: 4. yours, cpu 0: A 0 to 4, B 4 to 8, B 11 to 14.")
    assert ET.fromstring(svg(ROWS, moment=4)).attrib["aria-label"] == words


def test_a_label_without_room_is_explained_below() -> None:
    """Its sign stands in the span, its look and its name in the key."""
    words = [text.text for text in ET.fromstring(svg(ROWS)).iter(f"{SVG}text")]

    assert words.count("c") == 2
    assert words.count("compile") == 1


def test_looks_differ_in_more_than_colour() -> None:
    """Twelve labels have twelve looks, and neighbours differ in tint and in stroke."""
    row = Row("cpu 0", tuple(Span(at, at + 1, chr(65 + at)) for at in range(12)))
    looks = re.findall(r'class="task (tint-\d) (stroke-\d)"><title>', svg([row]))

    assert len(set(looks)) == 12
    assert all(a[0] != b[0] and a[1] != b[1] for a, b in pairwise(looks))


def test_a_long_chart_stays_light() -> None:
    """A hundred thousand spans take no more than a few times what can be seen."""
    assert len(svg(long_rows(25_000))) < 200_000
    assert len(svg(long_rows(100_000))) < 2 * len(svg(long_rows(2_000)))


@given(DRAWN, st.one_of(st.none(), st.integers(0, 5000)), st.sampled_from([440, 960]))
@settings(max_examples=50)
def test_whatever_it_is_given_is_text_and_stays_inside(drawn: list, moment: int | None, width: int) -> None:
    """The drawing is well-formed, has no style of its own, and no coordinate is outside or not a number."""
    drawing = svg(rows_of(drawn), moment=moment, width=width)
    root = ET.fromstring(drawing)
    height = float(root.attrib["viewBox"].split()[3])

    assert "style" not in {name for element in root.iter() for name in element.attrib}
    for rect in root.iter(f"{SVG}rect"):
        assert 0 <= float(rect.attrib["x"]) <= float(rect.attrib["x"]) + float(rect.attrib["width"]) <= width + 1
        assert 0 <= float(rect.attrib["y"]) <= height
    for text in root.iter(f"{SVG}text"):
        assert 0 <= float(text.attrib["y"]) <= height


def test_the_site_has_the_same_colours() -> None:
    """A chart in a file of its own looks as it does on a page."""
    site = (Path(workbench.__path__[0]) / "static/site.css").read_text(encoding="utf-8")
    light, _, dark = site.partition("@media (prefers-color-scheme: dark)")
    tasks = site.partition("/* Gantt charts")[2].partition("/* End of the Gantt charts")[0]

    for colours, general in ((LIGHT, light), (DARK, dark)):
        for name, colour in colours.items():
            assert f"--{name}: {colour};" in (tasks if name.startswith("task") else general), name


def test_every_look_has_its_rules() -> None:
    """Each tint and each stroke is in the style of files of their own."""
    rules = style("svg")

    assert all(f".tint-{number} .body" in rules for number in range(TINTS))
    assert all(f".stroke-{number} " in rules for number in range(STROKES) if number != 1)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_text_can_be_read_on_every_tint(colours: dict[str, str]) -> None:
    """The contrast is 4.5 at least, and that of the strokes 3 (WCAG 2.2, 1.4.3 and 1.4.11)."""
    for tint in (f"task-{number}" for number in range(TINTS)):
        for name, least in (("text", 4.5), ("task-line", 3.0)):
            bright, dim = sorted((_luminance(colours[tint]), _luminance(colours[name])), reverse=True)
            assert (bright + 0.05) / (dim + 0.05) >= least, (tint, name)
