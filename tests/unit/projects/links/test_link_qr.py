"""The judge's reader of QR codes, against an encoder that is not ours."""

from __future__ import annotations

import io
import random
from typing import Any

import pytest
import segno

from climb.projects.links.rules.qr import NoCode, found_in, read_png, text_of
from climb.projects.links.rules.qr.tables import BLOCKS, CORRECTION, codewords

_TEXT = "https://go.example/aZ_-9"


def _png(text: str, *, scale: int = 4, border: int = 4, colours: dict[str, Any] | None = None, **options: Any) -> bytes:
    file = io.BytesIO()
    segno.make(text, micro=False, **options).save(file, kind="png", scale=scale, border=border, **(colours or {}))
    return file.getvalue()


def _modules(**options: Any) -> list[list[bool]]:
    code = segno.make(_TEXT, micro=False, boost_error=False, **options)
    return [[bool(module) for module in row] for row in code.matrix]


@pytest.mark.parametrize("level", ["L", "M", "Q", "H"])
@pytest.mark.parametrize("version", [4, 6, 7, 9, 14, 22, 32, 40])
def test_each_level_and_version_is_read(level: str, version: int) -> None:
    """An encoder may choose a larger version and any level; among these are one and several blocks, and version information."""
    assert text_of(_modules(error=level, version=version)) == _TEXT


@pytest.mark.parametrize("mask", range(8))
def test_each_mask_is_read(mask: int) -> None:
    """An encoder may choose any mask."""
    assert text_of(_modules(mask=mask)) == _TEXT


@pytest.mark.parametrize("text", ["01234567890123", "HTTPS://GO.EXAMPLE/ABC-1", "https://go.example:8080/x"])
def test_digits_signs_and_bytes_are_read(text: str) -> None:
    """An encoder may choose the segments."""
    assert text_of(found_in(read_png(_png(text))).modules) == text


@pytest.mark.parametrize(
    "colours",
    [
        {},
        {"dark": "#003"},
        {"dark": "#000044", "light": "#ffeedd"},
        {"light": None},
        {"dark": "#102030", "finder_dark": "#400", "alignment_dark": "#040"},
    ],
)
def test_pictures_of_several_kinds_are_read(colours: dict[str, Any]) -> None:
    """Grey, with a palette, with a transparent background."""
    found = found_in(read_png(_png(_TEXT, scale=5, colours=colours)))

    assert (text_of(found.modules), found.pixels, found.quiet) == (_TEXT, 5, 4)


@pytest.mark.parametrize(("scale", "border"), [(1, 4), (3, 0), (8, 2)])
def test_module_and_margin_are_measured(scale: int, border: int) -> None:
    """In pixels, and in modules."""
    found = found_in(read_png(_png(_TEXT, scale=scale, border=border)))

    assert (found.pixels, found.quiet) == (scale, border)


def test_any_wrong_module_is_found() -> None:
    """A reader would mend it; an encoder that draws it is wrong. Bits that belong to nothing are not looked at."""
    right = _modules(version=3)  # which has 7 bits that belong to nothing
    rng = random.Random(3)
    for _ in range(200):
        y, x = rng.randrange(29), rng.randrange(29)
        wrong = [list(row) for row in right]
        wrong[y][x] = not wrong[y][x]
        try:
            told = text_of(wrong)
        except NoCode:
            continue

        assert told == _TEXT
        assert (y, x) in {(row, column) for row in range(9, 21) for column in (0, 1)}  # where the path ends


@pytest.mark.parametrize("data", [b"", b"GIF89a", _png(_TEXT)[:-20], _png(_TEXT).replace(b"IDAT", b"IDAt", 1)])
def test_what_is_no_picture_is_told(data: bytes) -> None:
    """Another format, cut off, or damaged."""
    with pytest.raises(NoCode):
        read_png(data)


def test_a_picture_without_a_code_is_told() -> None:
    """A code in negative colours has no finder pattern where a reader looks for it."""
    with pytest.raises(NoCode):
        found_in(read_png(_png(_TEXT, colours={"dark": "white", "light": "black"})))


@pytest.mark.parametrize("level", ["L", "M", "Q", "H"])
def test_the_tables_leave_room_for_data(level: str) -> None:
    """All versions have an entry, and larger ones hold more."""
    room = [
        codewords(version) - BLOCKS[level][version - 1] * CORRECTION[level][version - 1] for version in range(1, 41)
    ]

    assert len(BLOCKS[level]) == len(CORRECTION[level]) == 40
    assert room == sorted(room)
    assert room[0] > 0
