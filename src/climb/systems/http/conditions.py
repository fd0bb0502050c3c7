"""Conditions on what a client has already, and parts of it (RFC 9110, 13 and 14), for a file with a strong tag and a date."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from climb.systems.http.dates import seconds_of
from climb.systems.http.fields import Fields

__all__ = ["BEYOND", "Identity", "Part", "part_of", "status_of"]

BEYOND = "beyond"  # a range that begins behind the last byte
_TAG = rb'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*+"'
_TAGS = re.compile(rb"[ \t]*+(?:,[ \t]*+)*+" + _TAG + rb"(?:[ \t]*+,(?:[ \t]*+" + _TAG + rb")?+)*+[ \t]*+")
_EACH_TAG = re.compile(_TAG)
_RANGE = re.compile(rb"bytes=(?:([0-9]++)-([0-9]*+)|-([0-9]++))", re.IGNORECASE)
_LONGEST_NUMBER = 18  # digits: no file is that long


class Identity(msgspec.Struct, frozen=True):
    """What tells one content of a file from the next."""

    tag: bytes  # with its quotes
    modified: int  # seconds since 1970


class Part(msgspec.Struct, frozen=True):
    """A stretch of a file, from its first to its last byte."""

    first: int
    last: int


def status_of(fields: Fields, identity: Identity) -> int:
    """Return 200, or 304 or 412 if a condition says so; in the order of RFC 9110, 13.2.2."""
    if not fields.conditional:
        return 200
    if matches := fields.all(b"if-match"):
        if not _named(matches, identity.tag, weakly=False):
            return 412
    elif (since := _date(fields, b"if-unmodified-since")) is not None and identity.modified > since:
        return 412
    if nones := fields.all(b"if-none-match"):
        return 304 if _named(nones, identity.tag, weakly=True) else 200
    since = _date(fields, b"if-modified-since")
    return 304 if since is not None and identity.modified <= since else 200


def _named(values: Sequence[bytes], tag: bytes, *, weakly: bool) -> bool:
    """Tell whether a list of tags, over one field or several, names this strong one. What is no list names nothing."""
    listed = b",".join(value for value in values if value)
    if listed == b"*":
        return True
    if not _TAGS.fullmatch(listed):
        return False
    return any((each.removeprefix(b"W/") if weakly else each) == tag for each in _EACH_TAG.findall(listed))


def _date(fields: Fields, name: bytes) -> int | None:
    values = fields.all(name)
    return seconds_of(values[0].decode("latin-1")) if len(values) == 1 else None


def part_of(fields: Fields, identity: Identity, length: int) -> Part | str | None:
    """Return the part that is asked for, ``BEYOND`` if there is no such part, or None for the whole."""
    if not fields.conditional:
        return None
    ranges = fields.all(b"range")
    match = _RANGE.fullmatch(ranges[0]) if len(ranges) == 1 else None
    if match is None or not _still_the_same(fields, identity):
        return None
    first, last, ending = match.groups()
    if ending is not None:
        count = min(_number(ending), length)
        return Part(length - count, length - 1) if count else BEYOND
    if last and _order(last) < _order(first):
        return None  # backwards: no range
    start, end = _number(first), _number(last) if last else length
    return Part(start, min(end, length - 1)) if start < length else BEYOND


def _order(digits: bytes) -> tuple[int, bytes]:
    """Return what numbers of any length can be compared by."""
    plain = digits.lstrip(b"0")
    return len(plain), plain


def _number(digits: bytes) -> int:
    return int(digits.lstrip(b"0")[: _LONGEST_NUMBER + 1] or b"0")  # of more digits the first ones say enough


def _still_the_same(fields: Fields, identity: Identity) -> bool:
    values = fields.all(b"if-range")
    if not values:
        return True
    if len(values) > 1:
        return False
    return values[0] == identity.tag or seconds_of(values[0].decode("latin-1")) == identity.modified
