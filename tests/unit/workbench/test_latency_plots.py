"""Latencies by percentile, on a page and in a terminal: each further nine as wide as the one before, all of it told in words as well."""

import xml.etree.ElementTree as ET

import msgspec
import pytest
from hypothesis import given, settings, strategies as st
from rich.cells import cell_len

from climb.cli.facts import latency_lines
from climb.judge.evidence import Latencies, Percentiles
from climb.judge.load.histogram import Recorder
from climb.labs.scale import one_in, percentile
from climb.progress.series_plots import latencies_plot
from climb.workbench.render.plot import latencies
from climb.workbench.render.plot_lines import frame
from climb.workbench.templating import fragment

SVG = "{http://www.w3.org/2000/svg}"
EVIL = "<script>alert(1)</script>\x1b"


def curve(label: str, values_ms: list[float]) -> Percentiles:
    recorder = Recorder()
    for value in values_ms:
        recorder.record(round(value * 1e6))
    return Percentiles(label=label, points=recorder.histogram().curve())


ALONE = curve("alone", [1.0 + number / 1000 for number in range(1000)])
BESIDE = curve("beside slow clients", [1.0 + number / 100 for number in range(1000)])
PIECE = Latencies(subject="latency of /healthz", unit="ms", curves=(ALONE, BESIDE), limit=5.0)


def drawing(piece: Latencies) -> ET.Element:
    found = ET.fromstring(str(latencies(piece)).replace("&nbsp;", " ")).find(f"{SVG}svg")
    assert found is not None
    return found


def test_each_nine_has_the_same_room() -> None:
    """From 0 to 90 as far as from 90 to 99, and from there to 99.9."""
    here = frame(latencies_plot(PIECE))
    places = [here.across(each) for each in (0, 90, 99, 99.9)]

    assert places[1] - places[0] == pytest.approx(places[2] - places[1])
    assert places[2] - places[1] == pytest.approx(places[3] - places[2])


def test_the_axis_says_percentiles() -> None:
    """Not one in how many."""
    written = ["".join(each.itertext()) for each in drawing(PIECE).iter(f"{SVG}text")]

    assert {"0", "90", "99", "99.9", "percentile"} <= set(written)


def test_who_cannot_see_the_plot_hears_the_percentiles() -> None:
    """Of each curve, and the limit; each is true of all values."""
    said = drawing(PIECE).attrib["aria-label"]

    assert "alone: 50 % within 1.5 ms, 90 % within 1.9 ms, 99 % within 1.99 ms" in said
    assert "beside slow clients:" in said
    assert "all within 11 ms" in said
    assert "Limit 5 ms." in said


def test_the_table_has_percentiles() -> None:
    """With as many digits as tell them apart."""
    markup = str(latencies(PIECE))

    assert '<th scope="row">99</th>' in markup
    assert '<th scope="row">99.9</th>' in markup


def test_the_script_gets_an_axis_that_it_knows() -> None:
    """A logarithmic one of how many there are for each that took longer, over the same frame."""
    data = msgspec.json.decode(ET.fromstring(str(latencies(PIECE))).get("data-plot") or "")

    assert data["x"]["percentiles"]
    assert data["x"]["log"]
    assert (data["x"]["low"], data["x"]["high"]) == (1.0, pytest.approx(1000))
    assert data["lines"][0]["points"][-1][0] == pytest.approx(1000)


def test_values_far_apart_have_a_logarithmic_axis() -> None:
    """So that the many fast ones can be seen beside a few slow ones."""
    far = msgspec.structs.replace(PIECE, curves=(curve("stalled", [0.1] * 999 + [300.0]),))

    assert latencies_plot(far).y.log
    assert not latencies_plot(PIECE).y.log


@pytest.mark.parametrize("width", [40, 60, 110])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_a_terminal_gets_lines_that_fit(width: int, ascii_only: bool) -> None:
    """With the names of the curves, in the signs that it has."""
    lines = [line.plain for line in latency_lines(PIECE, width, ascii_only=ascii_only)]

    assert all(cell_len(line) <= width for line in lines)
    assert any("alone" in line for line in lines)
    assert any(line.split()[:2] == ["0", "90"] for line in lines)
    assert not ascii_only or all(line.isascii() for line in lines)


def test_it_stands_on_the_page_of_a_run_as_text() -> None:
    """No markup of a program's becomes markup of the page's."""
    piece = Latencies(subject=EVIL, unit=EVIL, curves=(Percentiles(label=EVIL, points=((0.0, 1.0),)),))
    markup = fragment("parts/evidence.html", "show", piece=piece)

    assert "<svg" in markup
    assert "<script" not in markup
    assert "\x1b" not in markup


@given(st.lists(st.lists(st.floats(0, 1e6), max_size=30), max_size=3), st.none() | st.floats(0, 1e6))
@settings(deadline=None)
def test_any_latencies_can_be_drawn(runs: list[list[float]], limit: float | None) -> None:
    """None at all, all the same, zero, or far apart."""
    piece = Latencies(
        subject="s", unit="ms", curves=tuple(curve(str(n), each) for n, each in enumerate(runs)), limit=limit
    )

    assert all(0 <= float(each.attrib["x"]) <= 440 for each in drawing(piece).iter(f"{SVG}text"))
    assert latency_lines(piece, 60, ascii_only=False)


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0"), (50, "50"), (90, "90"), (99, "99"), (99.9, "99.9"), (99.95, "99.95"), (99.999, "99.999"), (31.87, "32")],
)
def test_a_percentile_has_the_digits_that_matter(value: float, written: str) -> None:
    """Those that tell it from 100."""
    assert percentile(value) == written


@given(st.floats(1, 1e8))
def test_a_percentile_is_one_in_so_many(part: float) -> None:
    """There and back."""
    assert one_in(100 - 100 / part) == pytest.approx(part, rel=1e-5)
