"""Sequence diagrams: each step a row; as text within the width and readable without colour, as SVG well-formed and told in words."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from rich.cells import cell_len

from climb import workbench
from climb.judge.evidence import Sequence
from climb.printable import printable
from climb.sequence.model import Arrow, Diagram, Gap, Note, Shade
from climb.sequence.rows import alternative
from climb.sequence.svg import WIDTH, svg
from climb.sequence.text import draw, lines
from climb.workbench.render.sequence import sequence_chart

SVG = "{http://www.w3.org/2000/svg}"
EVIL = "<script>alert(1)</script>\x1b&\ufffe"
SHOWN = Diagram(
    actors=("client 1", "client 2", "program"),
    steps=(
        Arrow(at=0.104, sender="client 1", receiver="program", label="s1 17…40"),
        Arrow(at=0.131, sender="program", receiver="client 1", label="ack s1 40"),
        Gap(at=0.2, messages=212, until=0.3),
        Note(at=0.31, actor="", label="stall, to the program: begins"),
        Arrow(at=0.312, sender="client 2", receiver="program", label="s2 41…80, with a long label", arrived=False),
        Note(at=0.4, actor="program", label="killed", state="down"),
        Note(at=0.41, actor="client 2", label="connection reset"),
        Note(at=0.45, actor="", label="stall, to the program: over"),
        Note(at=0.65, actor="program", label="started again", state="running"),
        Note(at=0.66, actor="program", label="paused", state="paused"),
        Arrow(
            at=0.722, sender="program", receiver="client 1", label="200, 2 windows: s1 at 1700000000000 has 23, not 24"
        ),
    ),
    shades=(Shade(0.31, 0.45, "stall, to the program"),),
    mark=10,
)

NAMES = st.lists(st.text(min_size=1, max_size=14), min_size=1, max_size=5, unique=True)
LABELS = st.one_of(st.text(max_size=60), st.sampled_from(["漢字" * 20, "x\x1b[2J", "a" * 200]))


@st.composite
def diagrams(draw_from) -> Diagram:
    actors = tuple(draw_from(NAMES))
    one = st.sampled_from(actors)
    arrow = st.builds(
        Arrow, at=st.floats(0, 99999), sender=one, receiver=one, label=LABELS, arrived=st.booleans()
    ).filter(lambda each: each.sender != each.receiver)
    state = st.sampled_from(["running", "paused", "down", None])
    note = st.builds(Note, at=st.floats(0, 9), actor=st.one_of(one, st.just("")), label=LABELS, state=state)
    gap = st.builds(Gap, at=st.floats(0, 9), messages=st.integers(0, 10**6), until=st.floats(0, 9))
    kinds = [note, gap, arrow] if len(actors) > 1 else [note, gap]
    steps = tuple(draw_from(st.lists(st.one_of(kinds), max_size=8)))
    shades = tuple(draw_from(st.lists(st.builds(Shade, st.floats(0, 9), st.floats(0, 9), LABELS), max_size=2)))
    mark = draw_from(st.one_of(st.none(), st.integers(0, len(steps))))
    return Diagram(actors=actors, steps=steps, shades=shades, mark=mark)


def test_a_diagram_is_this() -> None:
    """Arrows with their labels, crosses where something ended, shades beside the times, an arrow at the point."""
    assert draw(SHOWN, width=72) == [
        "  seconds   client 1                  client 2                  program",
        "    0.104   ├─ s1 17…40 ───────────────────────────────────────▶│",
        "    0.131   │◀────────────────────────────────────── ack s1 40 ─┤",
        "    0.200   ┊ … 212 messages          ┊                         ┊",
        "    0.310 ▒ │ stall, to the program: begins                     │",
        "    0.312 ▒ │                         │ s2 41…80, with a long label",
        "          ▒ │                         ├╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌× │",
        "    0.400 ▒ │                         │                         ✗ killed",
        "    0.410 ▒ │                         ○ connection reset        ·",
        "    0.450 ▒ │ stall, to the program: over                       ·",
        "    0.650   │                         │           started again ●",
        "    0.660   │                         │                         ║ paused",
        "→   0.722   │ 200, 2 windows: s1 at 1700000000000 has 23, not 24",
        "            │◀──────────────────────────────────────────────────┤",
    ]


def test_a_diagram_in_ascii_is_this() -> None:
    """The same signs in plain ASCII, and labels that are too long on several lines."""
    assert draw(SHOWN, width=48, ascii=True) == [
        "  seconds   client 1      client 2      program",
        "    0.104   +- s1 17...40 ------------->|",
        "    0.131   |<-------------- ack s1 40 -+",
        "    0.200   :             :             :",
        "            | ... 212 messages          |",
        "    0.310 # | stall, to the program: begins",
        "    0.312 # |             | s2 41...80, with a",
        "          # |             | long label  |",
        "          # |             +-----------x |",
        "    0.400 # |             |             X killed",
        "    0.410 # |             o connection reset",
        "    0.450 # | stall, to the program: over",
        "    0.650   |             started again o",
        "    0.660   |             |             H paused",
        ">   0.722   | 200, 2 windows: s1 at     H",
        "            | 1700000000000 has 23, not 24",
        "            |<--------------------------+",
    ]


def test_who_is_down_has_no_line() -> None:
    """From the kill to the start the program's line is dotted; a paused one is double."""
    shown = draw(SHOWN, width=100)
    last = {line[4:9]: line[-1:] for line in shown[1:] if line.strip()}

    assert last["0.410"] == "·"
    assert last["0.104"] == "│"


@given(diagram=diagrams(), width=st.integers(1, 140), plain=st.booleans())
@settings(deadline=None)
def test_no_line_is_too_wide(diagram: Diagram, width: int, plain: bool) -> None:
    """Whatever the names and labels, every line fits, has no steering characters, and ASCII is ASCII."""
    shown = draw(diagram, width=width, ascii=plain)

    assert all(cell_len(line) <= max(width, 30) for line in shown)
    assert all(printable(line) == line for line in shown)
    assert not plain or all(line.isascii() for line in shown)


@pytest.mark.parametrize("width", [30, 50, 72, 110])
def test_nothing_is_lost_in_a_narrow_terminal(width: int) -> None:
    """All words of all labels are there, however they are broken."""
    shown = "".join(draw(SHOWN, width=width)).replace(" ", "").translate({ord(each): None for each in "│║·▒┊"})

    for step in SHOWN.steps:
        label = f"{step.messages} messages" if isinstance(step, Gap) else step.label
        assert label.replace(" ", "") in shown, label


def test_pieces_say_what_they_are() -> None:
    """A lost arrow, a shade and the mark can be told by their kind, for those who colour them."""
    kinds = {piece.kind for line in lines(SHOWN, width=80) for piece in line}

    assert kinds == {"head", "time", "line", "arrow", "lost", "note", "shade", "mark", "gap"}


def texts(drawing: str) -> list[str]:
    return ["".join(text.itertext()) for text in ET.fromstring(drawing).iter(f"{SVG}text")]


@given(diagram=diagrams())
@settings(deadline=None)
def test_it_is_well_formed_and_inside(diagram: Diagram) -> None:
    """Whatever the labels, the drawing is XML, names itself, and no text begins outside of it."""
    drawing = ET.fromstring(svg(diagram))

    assert drawing.attrib["role"] == "img"
    assert drawing.attrib["aria-label"].startswith("Sequence diagram")
    assert all(0 <= float(text.attrib["x"]) <= WIDTH for text in drawing.iter(f"{SVG}text"))


def test_words_stay_inside() -> None:
    """The labels of the example end before the right edge."""
    for text in ET.fromstring(svg(SHOWN)).iter(f"{SVG}text"):
        x, length = float(text.attrib["x"]), len("".join(text.itertext())) * 7.3
        end = x if text.get("text-anchor") == "end" else x + length

        assert end <= WIDTH + 1, "".join(text.itertext())


def test_all_steps_are_there() -> None:
    """Each actor, time and short label is in the drawing."""
    shown = texts(svg(SHOWN))

    assert {"client 1", "client 2", "program", "0.104", "0.722", "s1 17…40", "killed", "… 212 messages"} <= set(shown)


def test_what_is_lost_has_a_cross_and_no_head() -> None:
    """One arrow arrives and has a head; one does not, is dashed, and has a cross."""
    arrived, lost = (
        ET.fromstring(
            svg(Diagram(actors=("a", "b"), steps=(Arrow(at=0, sender="a", receiver="b", label="x", arrived=arrived),)))
        )
        for arrived in (True, False)
    )

    assert [path.get("class") for path in arrived.iter(f"{SVG}path") if "life" not in path.get("class", "")] == [
        "told",
        "head",
    ]
    assert [path.get("class") for path in lost.iter(f"{SVG}path") if "life" not in path.get("class", "")] == [
        "told lost",
        "sign",
    ]


def test_neighbouring_shaded_rows_are_one_shade() -> None:
    """One fault is one band."""
    shades = [each for each in ET.fromstring(svg(SHOWN)).iter(f"{SVG}rect") if each.get("class") == "shade"]

    assert len(shades) == 1


def test_the_alternative_tells_the_steps() -> None:
    """Who cannot see the diagram hears what is shaded, each step, and which one is pointed at."""
    told = alternative(SHOWN)

    assert "Shaded from 0.310 to 0.450 s: stall, to the program." in told
    assert "0.104 s: client 1 to program: s1 17…40." in told
    assert "0.312 s: client 2 to program: s2 41…80, with a long label, without an answer." in told
    assert "0.200 s: 212 messages, not shown." in told
    assert "Pointed at: 0.722 s: program to client 1: 200" in told


def test_every_class_has_its_rule() -> None:
    """The site's stylesheet knows each class that drawings use, and the drawing has no colour of its own."""
    sheet = (Path(workbench.__file__).parent / "static/site.css").read_text(encoding="utf-8")
    drawing = svg(SHOWN)
    used = {name for classes in re.findall(r'class="([^"]+)"', drawing) for name in classes.split()}

    assert {name for name in used if not re.search(rf"\.{name}\b", sheet)} <= {"running"}
    assert "style=" not in drawing
    assert "#" not in re.sub(r"&#\d+;", "", drawing)


def test_the_figure_quotes_and_escapes() -> None:
    """What comes from a program is text, in the drawing and in the table below it."""
    piece = Sequence(
        subject=EVIL, actors=("program",), steps=(Note(at=1.0, actor="program", label=EVIL, state="down"),), mark=0
    )
    figure = ET.fromstring(f"<div>{sequence_chart(piece)}</div>")

    assert not [element for element in figure.iter() if element.tag.endswith("script")]
    assert "alert(1)" in "".join(figure.itertext())
    (row,) = [row for row in figure.iter("tr") if row.get("class") == "marked"]
    assert "pointed at" in "".join(row.itertext())
