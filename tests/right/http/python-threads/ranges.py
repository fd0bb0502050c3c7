"""A part of a file (RFC 9110, 14)."""

import re

from dates import read_date
from limits import number

RANGE = re.compile("(?i:bytes)=([0-9]*)-([0-9]*)")


class Unsatisfiable(Exception):
    """A range with nothing of the file in it."""


def wanted_range(request, file):
    """First and last byte, or None if all is wanted. Raises Unsatisfiable."""
    text = request.fields.get("range")
    if text is None or request.method != "GET":
        return None
    match = RANGE.fullmatch(text)
    if not match or not (match[1] or match[2]):
        return None
    first, last = (number(digits.encode()) if digits else None for digits in match.groups())
    if first is not None and last is not None and last < first:
        return None
    if not is_still_the_same(request.fields.get("if-range"), file):
        return None
    return satisfied(first, last, file.size)


def satisfied(first, last, size):
    if first is None:
        first, last = max(size - last, 0), size - 1
    if first >= size:
        raise Unsatisfiable
    return first, size - 1 if last is None else min(last, size - 1)


def is_still_the_same(if_range, file) -> bool:
    if if_range is None or if_range == file.tag:
        return True
    return read_date(if_range) == file.modified_s
