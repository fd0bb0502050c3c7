"""Text from elsewhere on one line, in signs that the terminal has."""

from __future__ import annotations

from climb.printable import printable

__all__ = ["on_one_line"]


def on_one_line(text: str, *, ascii: bool) -> str:  # noqa: A002 - what else to call it
    """``text`` without line breaks and without anything that steers a terminal; other letters are escaped for ``ascii``."""
    words = " ".join(printable(text).split())
    return words.replace("…", "...").encode("ascii", "backslashreplace").decode() if ascii else words
