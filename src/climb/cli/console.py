"""The terminal: how wide it is, what it can show, and how untrusted text is made harmless."""

from __future__ import annotations

import sys
import unicodedata
from functools import cache
from typing import IO, NamedTuple

from rich.console import Console

__all__ = ["Symbols", "console", "printable", "symbols"]


class Symbols(NamedTuple):
    """The signs that reports use; plain ASCII where the locale can't do more."""

    passed: str
    failed: str
    unknown: str
    waiting: str
    dot: str


_FULL = Symbols("✓", "✗", "?", "·", "·")
_ASCII = Symbols("+", "x", "?", "-", "-")


@cache
def console(*, stderr: bool = False) -> Console:
    """The console for standard output or standard error; it respects NO_COLOR and the terminal's width."""
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=False)


def symbols(stream: IO[str] | None = None) -> Symbols:
    """The signs that ``stream`` can carry."""
    encoding = getattr(stream or sys.stdout, "encoding", None) or "ascii"
    try:
        "".join(_FULL).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return _ASCII
    return _FULL


def printable(text: str) -> str:
    """``text`` without anything that could steer the terminal: control characters are shown, not obeyed."""
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cf", "Cs"):
        return character
    return character.encode("unicode_escape").decode() if ord(character) < 0x110000 else "\ufffd"
