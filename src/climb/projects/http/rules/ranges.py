"""Which part of a file a Range field asks for: RFC 9110, 14.1.2 and 14.2, as the brief takes it over."""

from __future__ import annotations

import re
from enum import Enum

import msgspec

__all__ = ["Kind", "Part", "part_of"]

_RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)")


class Kind(Enum):
    """What a server does with a Range field."""

    PART = "part"  # 206
    BEYOND = "beyond"  # 416
    IGNORED = "ignored"  # 200 with everything


class Part(msgspec.Struct, frozen=True):
    """What is answered: of a part the first and the last byte, both included."""

    kind: Kind
    first: int = 0
    last: int = -1

    def content_range(self, size: int) -> str:
        """The value of Content-Range for a file of this size."""
        return f"bytes {self.first}-{self.last}/{size}" if self.kind is Kind.PART else f"bytes */{size}"


def part_of(field: str, size: int) -> Part:
    """What ``Range: field`` means for a file of this size."""
    found = _RANGE.fullmatch(field)
    if found is None or found.groups() == ("", ""):
        return Part(Kind.IGNORED)
    first, last = found.groups()
    if not first:
        return _suffix(int(last), size)
    if last and int(last) < int(first):
        return Part(Kind.IGNORED)
    if int(first) >= size:
        return Part(Kind.BEYOND)
    return Part(Kind.PART, int(first), min(int(last), size - 1) if last else size - 1)


def _suffix(length: int, size: int) -> Part:
    if length == 0 or size == 0:
        return Part(Kind.BEYOND)
    return Part(Kind.PART, max(size - length, 0), size - 1)
