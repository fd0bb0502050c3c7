"""References: links to evidence, found in Markdown as Markdown understands it."""

import pytest
from hypothesis import given, strategies as st

from climb.journal.references import Kind, Reference, escaped, parse_reference, quoted, references

RUN = Reference(Kind.RUN, "20260314T150926-41c2.2", "3.2")
LAB = Reference(Kind.LAB, "handshake", "20260314T151200")
CONCEPT = Reference(Kind.CONCEPT, "sockets")
MODULE = Reference(Kind.MODULE, "1.1")


@pytest.mark.parametrize(
    "reference", [RUN, LAB, CONCEPT, MODULE, Reference(Kind.LAB, "x"), Reference(Kind.RUN, RUN.name, "3")]
)
def test_a_reference_is_its_address(reference: Reference) -> None:
    """What is written is read again."""
    assert parse_reference(reference.address) == reference


@pytest.mark.parametrize(
    "address",
    [
        "climb:run/41c2",
        "climb:run/../../etc#1",
        "climb:lab/Handshake",
        "climb:lab/x/../y",
        "climb:module/..",
        "climb:project/scanner",
        "https://example.org",
        "concept:sockets",
        "",
    ],
)
def test_anything_else_is_no_reference(address: str) -> None:
    """Other schemes, other kinds, and names that could lead elsewhere."""
    assert parse_reference(address) is None


@pytest.mark.parametrize(
    "text",
    [
        f"[x]({CONCEPT.address})",
        f"> - **[x]({CONCEPT.address} 'title')**",
        f"<{CONCEPT.address}>",
        f"[x][here]\n\n[here]: {CONCEPT.address}",
        f"# Heading [x]({CONCEPT.address}) #",
        f"1.\t[two\n   lines]({CONCEPT.address})",
    ],
)
def test_links_of_every_form_are_references(text: str) -> None:
    """Inline, in quotes and lists, in brackets, by name, in headings, over two lines."""
    assert references(text) == (CONCEPT,)


@pytest.mark.parametrize(
    "text",
    [
        f"`[x]({CONCEPT.address})`",
        f"```\n[x]({CONCEPT.address})\n```",
        f"    [x]({CONCEPT.address})",
        f"\\[x]({CONCEPT.address})",
        CONCEPT.address,
        f"![x]({CONCEPT.address})",
    ],
)
def test_code_and_pictures_are_not_references(text: str) -> None:
    """Neither are bare addresses and escaped brackets."""
    assert references(text) == ()


def test_each_reference_is_given_once_in_order() -> None:
    """Two links to one thing are one reference."""
    text = f"[a]({RUN.address}) [b]({LAB.address})\n\n[c]({RUN.address})"

    assert references(text) == (RUN, LAB)
    assert [each.label for each in quoted(text)] == ["a", "b", "c"]


def test_places_are_those_of_the_links() -> None:
    """Also where marks of quotes, lists and tables stand before them."""
    links = [f"[*a*]({RUN.address})", f"<{LAB.address}>", f"[b]({CONCEPT.address})", f"[b]({CONCEPT.address})"]
    text = "> x {} y\n> - {} z\n>\n> | {} | {} |\n".format(*links)

    assert [text[each.start : each.end] for each in quoted(text)] == links


@given(
    st.lists(
        st.sampled_from([*"[]()<>`*_#>-+.1 \t\n\r\0\\!|é𝄞", f"[a]({CONCEPT.address})", f"<{LAB.address}>", "    "])
    )
)
def test_places_are_right_in_any_text(pieces: list[str]) -> None:
    """A found link begins and ends like one, and holds its address."""
    text = "".join(pieces)

    for each in quoted(text):
        link = text[each.start : each.end]

        assert link[0] + link[-1] in ("[)", "<>")
        assert each.reference.address in link


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_escaped_text_has_no_markup(text: str) -> None:
    """A claim with brackets, stars or addresses can't become a link."""
    assert references(f"[x]({CONCEPT.address}) {escaped(text)}") == (CONCEPT,)
    assert "\n" not in escaped(text)
