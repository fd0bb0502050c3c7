"""Untrusted text on the terminal, and the signs that a terminal can carry."""

import io

import pytest
from hypothesis import given, strategies as st

from climb.cli.console import printable, symbols


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
        ("back\rward\b", r"back\rward\x08"),
        ("\x9b31m", r"\x9b31m"),
        ("user\u202etxt.exe", r"user\u202etxt.exe"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("\x00\x7f", r"\x00\x7f"),
        ("\ud800", r"\ud800"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("größer 漢字 🦀", "größer 漢字 🦀"),
    ],
)
def test_what_could_steer_the_terminal_is_shown(text: str, shown: str) -> None:
    """Control, format and surrogate characters become their escapes; other text stays."""
    assert printable(text) == shown


@given(st.text())
def test_nothing_that_steers_is_left(text: str) -> None:
    """Whatever the text, no escape, carriage return or C1 control comes through, and it can be encoded."""
    shown = printable(text)

    assert not any(ord(character) < 32 and character not in "\n\t" for character in shown)
    assert not any(0x7F <= ord(character) < 0xA0 for character in shown)
    shown.encode()


@pytest.mark.parametrize(("encoding", "passed"), [("utf-8", "✓"), ("ascii", "+"), ("latin-1", "+"), ("no-such", "+")])
def test_signs_fit_the_encoding(encoding: str, passed: str) -> None:
    """Where the encoding can't carry the signs they are plain ASCII."""

    class Stream(io.StringIO):
        @property
        def encoding(self) -> str:
            return encoding

    assert symbols(Stream()).passed == passed


def test_a_stream_without_an_encoding_gets_ascii() -> None:
    """A stream that does not say what it carries gets what everything carries."""
    assert symbols(io.StringIO()).passed == "+"
