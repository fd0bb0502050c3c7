"""Offsets beside a transcript's lines."""

from hypothesis import given, strategies as st

from climb.judge.drivers.command import _cut
from climb.workbench.render.offsets import with_offsets


def test_each_line_has_the_offset_of_its_first_byte() -> None:
    """Counted in bytes, not in characters."""
    text = "é\nab\n\nc"

    assert with_offsets(text, len(text.encode())) == [(0, "é"), (3, "ab"), (6, ""), (7, "c")]


def test_an_empty_stream_has_no_lines() -> None:
    """Not one empty line either."""
    assert with_offsets("", 0) == []


def test_after_bytes_that_are_no_text_no_offset_is_claimed() -> None:
    """One sign may stand for several of them."""
    assert with_offsets("a\n\ufffd\nb\n", 6) == [(0, "a"), (2, "\ufffd"), (None, "b")]


@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\ufffd"), max_size=40), max_size=300),
    st.booleans(),
)
def test_every_offset_that_is_claimed_is_true(lines: list[str], ends: bool) -> None:
    """Also behind the cut of a long stream."""
    data = ("\n".join(lines) + ("\n" if ends and lines else "")).encode()

    for offset, line in with_offsets(_cut(data), len(data)):
        if offset is not None:
            assert data[offset : offset + len(line.encode())] == line.encode()
