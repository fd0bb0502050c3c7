"""Where in a picture the code is, and which of its modules are dark. The picture is as it was made: upright, flat, and sharp."""

from __future__ import annotations

import msgspec

from climb.projects.links.rules.qr.png import Picture
from climb.projects.links.rules.qr.wrong import NoCode

__all__ = ["Found", "found_in"]

_FINDER = 7  # modules of the dark line that a code begins with


class Found(msgspec.Struct, frozen=True):
    """A code in a picture: its modules, true for dark; how many pixels a module has; how many modules the smallest margin is."""

    modules: tuple[tuple[bool, ...], ...]
    pixels: float
    quiet: float


def found_in(picture: Picture) -> Found:
    """The code. Raises NoCode if there is nothing of the kind."""
    dark = [y for y, row in enumerate(picture.rows) if any(row)]
    if not dark:
        raise NoCode("the picture has no dark pixel")
    top, bottom = dark[0], dark[-1] + 1
    left = min(row.index(True) for row in picture.rows[top:bottom] if any(row))
    right = picture.width - min(row[::-1].index(True) for row in picture.rows[top:bottom] if any(row))
    line = picture.rows[top][left:right]
    pixels = (line.index(False) if False in line else len(line)) / _FINDER
    size = round((right - left) / pixels) if pixels else 0
    if size < 21 or size % 4 != 1 or abs((bottom - top) - (right - left)) > pixels / 2:
        raise NoCode(
            f"dark pixels cover {right - left} x {bottom - top}, and begin with a line of {pixels * _FINDER:.0f}: no square of 21, 25, 29, … modules with a finder pattern"
        )
    step = (right - left) / size
    modules = tuple(
        tuple(picture.rows[int(top + (y + 0.5) * step)][int(left + (x + 0.5) * step)] for x in range(size))
        for y in range(size)
    )
    margin = min(left, top, picture.width - right, picture.height - bottom)
    return Found(modules, step, margin / step)
