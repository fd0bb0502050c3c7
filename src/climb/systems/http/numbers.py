"""What ``/count`` answers: numbers, one a line, as they are made."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from climb.systems.http.answer import Answer, Pieces, plain, with_fields
from climb.systems.http.resource import Request, Resource

__all__ = ["COUNT", "lines"]

_MOST_LINES = 10_000_000
_LONGEST_PAUSE_MS = 60_000
_LINES_AT_ONCE = 4096  # about a third of a millisecond
_PLAIN = with_fields(("Content-Type", "text/plain"))
_DIGITS = re.compile("[0-9]{1,20}")


class _Wrong(Exception):
    pass


def _count(request: Request) -> Answer:
    try:
        asked = parse_qsl(request.head.query.decode("ascii"), keep_blank_values=True)
        to = _number(asked, "to", _MOST_LINES)
        pause_ms = _number(asked, "pause_ms", _LONGEST_PAUSE_MS, default=0)
    except _Wrong as wrong:
        return plain(400, str(wrong))
    return Answer(200, lines(to, pause_ms / 1000), _PLAIN)


def _number(asked: list[tuple[str, str]], name: str, most: int, default: int | None = None) -> int:
    values = [value for known, value in asked if known == name]
    if not values and default is not None:
        return default
    if len(values) == 1 and _DIGITS.fullmatch(values[0]) and int(values[0]) <= most:
        return int(values[0])
    raise _Wrong(f"{name}: one whole number from 0 to {most} is expected")


def lines(to: int, pause_s: float) -> Pieces:
    """Give the lines from 1 to ``to``: many at a time, or each by itself with a pause behind all but the last."""
    if pause_s:
        for number in range(1, to + 1):
            yield b"%d\n" % number
            if number < to:
                yield pause_s
        return
    for first in range(1, to + 1, _LINES_AT_ONCE):
        some = range(first, min(first + _LINES_AT_ONCE, to + 1))
        yield "".join([f"{number}\n" for number in some]).encode("ascii")


COUNT = Resource(methods=("GET", "HEAD"), answer=_count)
