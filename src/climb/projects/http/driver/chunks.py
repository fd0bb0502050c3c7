"""Bodies in chunks, with all that RFC 9112, 7.1 leaves to the sender: sizes, their digits, extensions, trailers."""

from __future__ import annotations

import random
from collections.abc import Sequence

import msgspec

from climb.judge.world.draws import Draws

__all__ = ["Chunked", "draw_chunked"]

_MOST_DIGITS = 16
_LINES_SHOWN = 6
_SHOWN = 24  # characters of a line
_EXTENSIONS = (
    ";a",
    ";a=b",
    ' ; a = "b"',
    ';a="x;y"',
    '\t;\tname="say \\"0\\""',
    ";a;b=1;c=2",
    ";" + "n" * 200 + "=1",
)


class Chunked(msgspec.Struct, frozen=True, kw_only=True):
    """A body as it is sent: the bytes, and what they mean."""

    body: bytes
    sent: bytes
    size_lines: tuple[str, ...]  # one for each chunk, without its line end
    trailers: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        shown = [line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…" for line in self.size_lines[:_LINES_SHOWN]]
        more = ", …" if len(self.size_lines) > _LINES_SHOWN else ""
        return f"{len(self.body):,} bytes in chunks with the size lines {', '.join(map(repr, shown))}{more}"


def draw_chunked(
    draw: Draws,
    body: bytes,
    *,
    digits: bool = False,
    extensions: bool = False,
    trailers: Sequence[tuple[str, str]] = (),
) -> Chunked:
    """``body`` in chunks of drawn sizes. ``digits``: those of the sizes are in either case, and may begin with zeros."""
    largest = draw.choice((len(body) or 1, 1, 10, 100, 4_096, 70_000))
    rng = draw.source()
    sizes = _sizes(rng, len(body), largest)
    lines, parts, at = [], [], 0
    for size in (*sizes, 0):
        extension = rng.choice(_EXTENSIONS) if extensions and rng.random() < 0.7 else ""
        lines.append(f"{_digits(rng, size) if digits else format(size, 'x')}{extension}")
        parts.append(f"{lines[-1]}\r\n".encode() + body[at : at + size] + (b"\r\n" if size else b""))
        at += size
    end = "".join(f"{name}: {value}\r\n" for name, value in trailers)
    sent = b"".join(parts) + end.encode() + b"\r\n"
    return Chunked(body=body, sent=sent, size_lines=tuple(lines), trailers=tuple(trailers))


def _sizes(rng: random.Random, length: int, largest: int) -> list[int]:
    sizes: list[int] = []
    left = length
    while left:
        # A body in chunks of a byte is sent, but not a long one: it would be six times as many bytes.
        sizes.append(min(left, rng.randint(1, largest) if len(sizes) < 500 else left))
        left -= sizes[-1]
    return sizes


def _digits(rng: random.Random, size: int) -> str:
    digits = f"{size:x}"
    digits = rng.choice((digits, digits.upper()))
    return rng.choice(("", "", "0", "0" * (_MOST_DIGITS - len(digits)))) + digits
