"""Markdown as one line of plain text."""

import pytest

from climb.course.plain import one_line, plain_text


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("Two\nlines and *half*way.", "Two lines and halfway."),
        ("A [file descriptor](concept:file-descriptors).", "A file descriptor."),
        ("Call `accept()` and wait.", "Call accept() and wait."),
        ("![Two kernels exchange packets.](sockets.svg)", "Two kernels exchange packets."),
        ("<b>raw</b> & <script>", "<b>raw</b> & <script>"),
        ("```python\nx = 1\n```", "x = 1"),
        ("- one\n- two", "one · two"),
        ("", ""),
    ],
)
def test_only_words_are_left(markdown: str, plain: str) -> None:
    """Markup and addresses go; text, code and the words for a drawing stay."""
    assert plain_text(markdown).removesuffix(" ·") == plain


def test_a_heading_is_kept_apart_from_what_follows() -> None:
    """A dot stands where a block does not end as a sentence does."""
    assert plain_text("## The handshake\n\nEvery byte counts.\n\nTwo would not do.") == (
        "The handshake · Every byte counts. Two would not do."
    )


def test_control_characters_and_broken_ones_are_spaces() -> None:
    """What marks an excerpt, ends a C string or can't be encoded never gets into the index."""
    assert one_line("a\x00b\x02c\x1b[31m\ud800d\n\te") == "a b c [31m d e"
