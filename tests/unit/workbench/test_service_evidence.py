"""What a service's run leaves, on its page: shaded plots, sequences, exchanges; all of it told in words as well."""

import xml.etree.ElementTree as ET

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from climb.judge.evidence import Curve, Evidence, Exchange, Message, Sequence, Series
from climb.sequence.model import Arrow, Shade
from climb.workbench.render.plot import series
from climb.workbench.templating import fragment

SVG = "{http://www.w3.org/2000/svg}"
EVIL = "<script>alert(1)</script>\x1b"
SPANS = (
    Shade(1.0, 2.0, "stall"),
    Shade(1.5, 1.5, "killed"),
    Shade(4.8, 5.0, "reset after 12,345 bytes, to the program"),
)
PLOT = Series(
    subject="readings",
    unit="readings",
    lines=(
        Curve(label="sent", points=tuple((at / 10, 100.0 * at) for at in range(51))),
        Curve(label="acknowledged", points=tuple((at / 10, 90.0 * at) for at in range(51))),
    ),
    spans=SPANS,
)
TALK = Exchange(
    peer="client 1",
    messages=(
        Message(direction="note", at=0.1, offset=0, size=0, text="connected"),
        Message(direction="sent", at=0.2, offset=0, size=90_000, text='{"sensor": "<b>"}\n'),
        Message(direction="received", at=0.3, offset=5, size=10, text="{}\n{é}\n\n\n"),
    ),
    left_out=12,
    gap=2,
    sent_bytes=90_000,
    received_bytes=12,
)


def shown(piece: Evidence) -> str:
    return fragment("parts/evidence.html", "show", piece=piece)


def parsed(markup: str) -> ET.Element:
    return ET.fromstring(f"<div>{markup}</div>".replace("&nbsp;", " "))


def words(markup: str) -> str:
    return " ".join(" ".join(parsed(markup).itertext()).split())


def test_every_fault_is_a_shade_that_can_be_seen() -> None:
    """Also one that took no time, and all are within the plot."""
    drawing = parsed(str(series(PLOT)))
    shades = [each for each in drawing.iter(f"{SVG}rect") if each.get("class") == "shade"]

    assert len(shades) == len(SPANS)
    assert all(float(each.attrib["width"]) >= 2 for each in shades)
    assert all(float(each.attrib["x"]) + float(each.attrib["width"]) <= 440 for each in shades)


def test_every_fault_has_its_name_above() -> None:
    """Names stand beside or above one another, above the plot."""
    drawing = parsed(str(series(PLOT)))
    (top,) = {float(each.attrib["y"]) for each in drawing.iter(f"{SVG}rect") if each.get("class") == "shade"}
    names = {"".join(each.itertext()): float(each.attrib["y"]) for each in drawing.iter(f"{SVG}text")}

    assert all(names[span.label] < top for span in SPANS)
    assert len({names[span.label] for span in SPANS}) > 1


def test_who_cannot_see_the_plot_hears_of_the_faults() -> None:
    """In the name of the drawing, and below the numbers."""
    markup = str(series(PLOT))
    (drawing,) = parsed(markup).iter(f"{SVG}svg")

    assert "Shaded from 1 s to 2 s: stall." in drawing.attrib["aria-label"]
    assert "sent at most 5,000 readings, acknowledged at most 4,500 readings" in drawing.attrib["aria-label"]
    assert "1 to 2 s: stall" in words(markup)


@given(
    spans=st.lists(st.builds(Shade, st.floats(-1, 9), st.floats(-1, 9), st.text(max_size=80)), max_size=30),
)
@settings(deadline=None)
def test_any_faults_can_be_drawn(spans: list[Shade]) -> None:
    """Many, with any names, in any order: the plot stays well-formed and does not grow without limit."""
    drawing = next(
        parsed(str(series(Series(subject="s", unit="u", points=((0, 0), (5, 1)), spans=tuple(spans))))).iter(
            f"{SVG}svg"
        )
    )

    assert float(drawing.attrib["viewBox"].split()[3]) < 400
    assert all(0 <= float(each.attrib["x"]) <= 440 for each in drawing.iter(f"{SVG}text"))


def test_an_exchange_tells_direction_time_and_offset() -> None:
    """A row for each step; directions are words for those who don't see arrows; what is left out is said at its place."""
    table = parsed(shown(TALK))
    rows = [" ".join("".join(cell.itertext()).strip() for cell in row).strip() for row in table.iter("tr")][1:]

    assert [row.split() for row in rows] == [
        ["0.100", "connected"],
        ["0.200", "→sent", "0", '{"sensor":', '"<b>"}', "…", "90,000", "bytes", "in", "all"],
        ["…", "12", "steps", "left", "out"],
        ["0.300", "←received", "5", "{}", "{é}"],
    ]


def test_a_line_to_try_it_by_hand_stands_below_an_exchange() -> None:
    """Whole, and only if there is one."""
    line = "curl -si -H 'A: <b>' http://127.0.0.1:$PORT/"

    assert words(shown(msgspec.structs.replace(TALK, by_hand=line))).endswith(f"by hand {line}")
    assert "by hand" not in shown(TALK)


@pytest.mark.parametrize(
    "piece",
    [
        Exchange(
            peer=EVIL,
            messages=(Message(direction="received", at=0, offset=0, size=9, text=EVIL),),
            left_out=0,
            gap=0,
            sent_bytes=0,
            received_bytes=9,
            by_hand=EVIL,
        ),
        Sequence(
            subject=EVIL, actors=(EVIL, "b"), steps=(Arrow(at=0, sender=EVIL, receiver="b", label=EVIL),), mark=None
        ),
        Series(subject=EVIL, unit=EVIL, lines=(Curve(label=EVIL, points=((0, 1),)),), spans=(Shade(0, 1, EVIL),)),
    ],
    ids=["exchange", "sequence", "series"],
)
def test_what_a_program_said_is_text(piece: Evidence) -> None:
    """No markup of a program's becomes markup of the page's, and nothing steers a terminal."""
    markup = shown(piece)

    assert "<script" not in markup
    assert "alert(1)" in markup
    assert "\x1b" not in markup
