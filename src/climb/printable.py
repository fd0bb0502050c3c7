"""Text from elsewhere, made harmless to look at."""

from __future__ import annotations

import unicodedata

__all__ = ["printable"]


def printable(text: str) -> str:
    """``text`` without anything that could steer the terminal: control characters are shown, not obeyed."""
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cf", "Cs"):
        return character
    return character.encode("unicode_escape").decode() if ord(character) < 0x110000 else "\ufffd"
