"""Text in drawings that are made while a page is: how wide it will be, and how it is broken into lines.

The fonts are the reader's, so widths are estimates: those of a wide font, so that what fits here fits everywhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from climb.printable import printable

__all__ = ["clean", "text_width", "wrapped"]

_NARROW = frozenset(" \u00a0.,:;'’|!()[]{}ijlftrI·-/\\\"")
_WIDE = frozenset("mwMWQGO@%&—…×")
_NUMBER_AND_UNIT = re.compile(r"(\d) (\S{1,3}(?:\s|$))")
_NO_CHARACTERS = re.compile("[\ufffe\uffff]")


def clean(text: str) -> str:
    """``text`` on one line, with nothing in it that a drawing can't carry."""
    return _NO_CHARACTERS.sub("\ufffd", " ".join(printable(text).split()))


def text_width(text: str, size: float) -> float:
    """About how many units ``text`` takes at a font size of ``size``; rather more than less."""
    return size * sum(map(_share, text))


def wrapped(text: str, size: float, room: float, *, most: int) -> list[str]:
    """``text`` in at most ``most`` lines of at most ``room`` units; what does not fit is cut, and an ellipsis says so."""
    lines: list[str] = []
    for word in _words(text, size, room):
        if lines and text_width(f"{lines[-1]} {word}", size) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    if len(lines) <= most:
        return lines
    last = lines[most - 1]
    while last and text_width(f"{last}…", size) > room:
        last = last[:-1]
    return [*lines[: most - 1], f"{last.rstrip()}…"]


def _words(text: str, size: float, room: float) -> Iterator[str]:
    """The words, a number with its unit as one; what fits on no line is broken."""
    for word in _NUMBER_AND_UNIT.sub("\\1\u00a0\\2", text).split(" "):
        piece = ""
        for character in word:
            if piece and text_width(piece + character, size) > room:
                yield piece
                piece = ""
            piece += character
        if piece:
            yield piece


def _share(character: str) -> float:
    """A character's width as a share of the font size."""
    if character in _NARROW:
        return 0.42
    if character in _WIDE:
        return 1.0
    if character.isascii():
        return 0.72 if character.isupper() else 0.64
    return 1.3 if unicodedata.east_asian_width(character) in "WF" or ord(character) > 0x2FFF else 0.85
