"""Where in a stream each line of a transcript begins, in bytes."""

from __future__ import annotations

import re
from itertools import accumulate

__all__ = ["with_offsets"]

_LEFT_OUT = re.compile(r"\[… \d+ characters left out …\]")
_REPLACED = "\ufffd"  # stands for bytes that were no text, nobody knows how many


def with_offsets(text: str, total: int) -> list[tuple[int | None, str]]:
    """The lines of a stream of ``total`` bytes as evidence keeps it, each with its offset; None where it can't be known.

    A long stream is cut in the middle: offsets after the cut are counted from its end.
    """
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    cut = next((number for number, line in enumerate(lines) if _LEFT_OUT.fullmatch(line)), None)
    if cut is None:
        return list(zip(_from_start(lines), lines, strict=True))
    before, after = lines[:cut], lines[cut + 1 :]
    ends_in_line_feed = text.endswith("\n")
    return [
        *zip(_from_start(before), before, strict=True),
        (None, lines[cut]),
        *zip(_from_end(after, total, ends_in_line_feed), after, strict=True),
    ]


def _from_start(lines: list[str]) -> list[int | None]:
    known: list[int | None] = []
    offset: int | None = 0
    for line in lines:
        known.append(offset)
        offset = None if offset is None or _REPLACED in line else offset + _size(line) + 1
    return known


def _from_end(lines: list[str], total: int, ends_in_line_feed: bool) -> list[int | None]:
    """The first line after the cut is a part of one, so its offset is that of the part."""
    last_first = list(reversed(lines))
    sizes = [_size(line) + 1 for line in last_first]
    if sizes and not ends_in_line_feed:
        sizes[0] -= 1
    known: list[int | None] = []
    for line, size in zip(last_first, accumulate(sizes), strict=True):
        lost = _REPLACED in line or (known and known[-1] is None)
        known.append(None if lost else total - size)
    return known[::-1]


def _size(line: str) -> int:
    return len(line.encode(errors="replace"))
