from __future__ import annotations

import pytest

from climb.systems.scanner.model import Summary
from climb.systems.scanner.output.plain import clip, plain
from climb.systems.scanner.output.sentence import sentence


@pytest.mark.parametrize(
    "steering", ["\x00", "\x07", "\x08", "\x1b", "\x7f", "\x85", "\x9b", "\u202e", "\u2028", "\ud800"]
)
def test_characters_that_steer_are_replaced(steering) -> None:
    """Whatever could make a terminal act is shown as a replacement character."""
    assert plain(f"a{steering}b") == "a\ufffdb"


@pytest.mark.parametrize("text", ["Grüße", "日本語", "👩\u200d🚀", "a\u0301", "[bold]"])
def test_words_of_any_language_stay(text) -> None:
    """Letters, signs, emoji and what joins them are left alone."""
    assert plain(text) == text


def test_line_breaks_become_blanks() -> None:
    """The text is one line."""
    assert plain("a\r\n\tb") == "a b"


def test_clipping_counts_the_ellipsis() -> None:
    """The result is never longer than asked for."""
    assert clip("abcdef", 4) == "abc…"
    assert clip("abcd", 4) == "abcd"


def test_the_sentence_counts_in_singular_and_plural() -> None:
    """One port is not "1 ports", and what did not happen is not mentioned."""
    assert sentence(Summary(hosts=1, ports=1, open=1, closed=0, filtered=0, elapsed_s=0.1)) == (
        "1 open of 1 port on 1 host in 0.10 s"
    )
    assert sentence(Summary(hosts=2, ports=4, open=1, closed=3, filtered=0, elapsed_s=0.1)) == (
        "1 open of 4 ports on 2 hosts in 0.10 s (3 closed)"
    )
