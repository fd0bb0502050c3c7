"""PNG pictures as far as a code needs them: each pixel is dark or light. All kinds of colour and depth, and no interlacing (W3C PNG, third edition)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import msgspec

from climb.projects.links.rules.qr.wrong import NoCode

__all__ = ["Picture", "read_png"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
_MOST_PIXELS = 4096
_GREY, _PALETTE, _GREY_ALPHA, _COLOUR_ALPHA = 0, 3, 4, 6


class Picture(msgspec.Struct, frozen=True):
    """Rows of pixels from the top; true is dark."""

    width: int
    height: int
    rows: tuple[tuple[bool, ...], ...]


def read_png(data: bytes) -> Picture:
    """The picture. Raises NoCode if it is none, or one that is larger than any code needs to be."""
    if not data.startswith(_SIGNATURE):
        raise NoCode("it does not begin as a PNG does")
    chunks = list(_chunks(data))
    if not chunks or chunks[0][0] != b"IHDR" or len(chunks[0][1]) != 13:
        raise NoCode("the first chunk of a PNG is IHDR")
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    if not (0 < width <= _MOST_PIXELS and 0 < height <= _MOST_PIXELS) or colour not in _CHANNELS:
        raise NoCode(f"a picture of {width} x {height} pixels of colour type {colour}")
    if interlaced:
        raise NoCode("the judge reads no interlaced pictures")
    raw = _unpacked(b"".join(body for kind, body in chunks if kind == b"IDAT"))
    dark = _table(chunks, colour, depth)
    lines = _lines(raw, width, height, depth * _CHANNELS[colour])
    channels = _CHANNELS[colour]
    return Picture(width, height, tuple(_row(line, width, depth, channels, colour, dark) for line in lines))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if len(body) < length or data[at + 8 + length : at + 12 + length] != struct.pack(">I", zlib.crc32(kind + body)):
            raise NoCode(f"the chunk {kind.decode('latin-1')} is cut off, or its checksum is wrong")
        yield kind, body
        at += 12 + length
        if kind == b"IEND":
            return
    raise NoCode("the PNG has no end")


def _unpacked(data: bytes) -> bytes:
    try:
        return zlib.decompress(data)
    except zlib.error as error:
        raise NoCode(f"the pixels can't be unpacked: {error}") from error


def _lines(raw: bytes, width: int, height: int, bits: int) -> list[bytes]:
    """The lines without their filters (PNG, 9.2)."""
    size, step = (width * bits + 7) // 8, max(bits // 8, 1)
    if len(raw) < height * (size + 1):
        raise NoCode("there are fewer pixels than the picture's size says")
    lines: list[bytes] = []
    above = bytes(size)
    for number in range(height):
        at = number * (size + 1)
        above = _unfiltered(raw[at], raw[at + 1 : at + 1 + size], above, step)
        lines.append(above)
    return lines


def _unfiltered(kind: int, line: bytes, above: bytes, step: int) -> bytes:
    out = bytearray(line)
    for at in range(len(out)):
        left = out[at - step] if at >= step else 0
        corner = above[at - step] if at >= step else 0
        predicted = (0, left, above[at], (left + above[at]) // 2, _paeth(left, above[at], corner))
        if kind >= len(predicted):
            raise NoCode(f"there is no filter {kind}")
        out[at] = (out[at] + predicted[kind]) & 0xFF
    return bytes(out)


def _paeth(left: int, above: int, corner: int) -> int:
    guess = left + above - corner
    return min((left, above, corner), key=lambda each: abs(guess - each))


def _table(chunks: list[tuple[bytes, bytes]], colour: int, depth: int) -> tuple[bool, ...]:
    """Of a picture with a palette, which of its colours are dark."""
    if colour != _PALETTE:
        return ()
    parts = dict(chunks)
    palette, opaque = parts.get(b"PLTE", b""), parts.get(b"tRNS", b"")
    colours = [palette[at : at + 3] for at in range(0, len(palette) - 2, 3)]
    seen = [
        _is_dark(each[0], each[1], each[2], opaque[number] if number < len(opaque) else 255)
        for number, each in enumerate(colours)
    ]
    return tuple(seen) + (False,) * ((1 << depth) - len(seen))


def _row(line: bytes, width: int, depth: int, channels: int, colour: int, dark: tuple[bool, ...]) -> tuple[bool, ...]:
    values = _values(line, width * channels, depth)
    if colour == _PALETTE:
        return tuple(dark[value] for value in values)
    most = (1 << depth) - 1
    scaled = [value * 255 // most for value in values]
    pixels = (scaled[at : at + channels] for at in range(0, len(scaled), channels))
    return tuple(_is_dark(*_colours(pixel, colour)) for pixel in pixels)


def _colours(pixel: list[int], colour: int) -> tuple[int, int, int, int]:
    """Red, green, blue, and how opaque it is."""
    opaque = pixel[-1] if colour in (_GREY_ALPHA, _COLOUR_ALPHA) else 255
    red, green, blue = (pixel[0],) * 3 if colour in (_GREY, _GREY_ALPHA) else pixel[:3]
    return red, green, blue, opaque


def _values(line: bytes, count: int, depth: int) -> list[int]:
    if depth == 8:
        return list(line[:count])
    if depth == 16:
        return [int.from_bytes(line[at : at + 2]) for at in range(0, 2 * count, 2)]
    mask, in_a_byte = (1 << depth) - 1, 8 // depth
    return [line[at // in_a_byte] >> (8 - depth * (at % in_a_byte + 1)) & mask for at in range(count)]


def _is_dark(red: int, green: int, blue: int, opaque: int) -> bool:
    """On white paper."""
    grey = (red * 299 + green * 587 + blue * 114) // 1000
    return (grey * opaque + 255 * (255 - opaque)) // 255 < 128
