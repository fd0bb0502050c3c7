"""Whether answers to different cases can be told apart by somebody who sees nothing else: by what is in them, and by how long they took."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence

import msgspec

__all__ = ["Difference", "Seen", "Times", "compared", "told_apart"]

_OWN = {"date", "x-request-id"}  # of each answer by itself
_DIFFERENT = 1.4  # times as long
_CERTAIN = 1.15  # how much of it must be certain
_RISK = 1e-4  # of an interval for the median that does not hold it, at either end


class Seen(msgspec.Struct, frozen=True):
    """What somebody sees of an answer."""

    status: int
    fields: tuple[tuple[str, str], ...]  # names in lower case
    body: bytes


class Difference(msgspec.Struct, frozen=True):
    """What differs: its name, and what it is in the one case and in the other."""

    what: str
    cases: tuple[str, str]
    values: tuple[str, str]


class Times(msgspec.Struct, frozen=True):
    """How many times as long the first took, from where to where that is certain, and what follows: True different, False alike, None unclear."""

    ratio: float
    low: float
    high: float
    different: bool | None


def told_apart(answers: Mapping[str, Sequence[Seen]]) -> Difference | None:
    """The first thing by which the cases differ; None if there is none. Fields that differ within a case too tell nothing."""
    cases = list(answers)
    first = answers[cases[0]][0]
    for case in cases:
        for seen in answers[case]:
            pair = (cases[0], case)
            if seen.status != first.status:
                return Difference("the status", pair, (str(first.status), str(seen.status)))
            if seen.body != first.body:
                return Difference("the body", pair, (_text(first.body), _text(seen.body)))
    base = _steady(answers[cases[0]])
    for case in cases[1:]:
        here = _steady(answers[case])
        for name in sorted(base.keys() | here.keys()):
            one, other = base.get(name, ""), here.get(name, "")
            if one is not None and other is not None and one != other:
                return Difference(f"the field {name}", (cases[0], case), (one or "none", other or "none"))
    return None


def compared(pairs: Sequence[tuple[float, float]]) -> Times:
    """Times of two cases that were measured one right after the other, pair by pair, so that a busy minute is busy for both.

    The interval is that of the sign test, which takes no distribution for granted: a machine has busy moments of any length.
    """
    logs = sorted(math.log(one / other) for one, other in pairs)
    middle, off = statistics.median(logs), _left_out(len(logs))
    low, high = logs[off], logs[-1 - off]
    certain = low > math.log(_CERTAIN) or high < -math.log(_CERTAIN)
    different = None if abs(middle) > math.log(_DIFFERENT) else False
    return Times(math.exp(middle), math.exp(low), math.exp(high), True if certain and different is None else different)


def _left_out(count: int) -> int:
    """How many values at each end lie outside of the interval."""
    off, tail = 0, 1 / 2**count
    while (more := tail + math.comb(count, off + 1) / 2**count) <= _RISK:
        off, tail = off + 1, more
    return off


def _steady(answers: Sequence[Seen]) -> dict[str, str | None]:
    """The fields of a case; None for a value that is not the same in all its answers."""
    found: dict[str, str | None] = {}
    for number, seen in enumerate(answers):
        fields = {name: value for name, value in seen.fields if name not in _OWN}
        for name in found.keys() | fields.keys():
            if number and found.get(name, "") != fields.get(name, ""):
                found[name] = None
            else:
                found[name] = fields.get(name, "")
    return found


def _text(body: bytes) -> str:
    return body.decode(errors="replace")[:300] or "no bytes"
