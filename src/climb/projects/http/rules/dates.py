"""The three forms in which HTTP writes a moment (RFC 9110, 5.6.7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

__all__ = ["FORMS", "asctime", "fixed", "rfc850"]

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# Names of days and months are written here and not by strftime, which asks the locale.


def fixed(seconds: int) -> str:
    """``Sun, 06 Nov 1994 08:49:37 GMT``: the form that is preferred, and that servers have to write."""
    at = _utc(seconds)
    return f"{_day(at)[:3]}, {at.day:02} {_month(at)} {at.year:04} {_clock(at)} GMT"


def rfc850(seconds: int) -> str:
    """``Sunday, 06-Nov-94 08:49:37 GMT``: obsolete, with two digits for the year."""
    at = _utc(seconds)
    return f"{_day(at)}, {at.day:02}-{_month(at)}-{at.year % 100:02} {_clock(at)} GMT"


def asctime(seconds: int) -> str:
    """``Sun Nov  6 08:49:37 1994``: obsolete, as C's asctime writes it."""
    at = _utc(seconds)
    return f"{_day(at)[:3]} {_month(at)} {at.day:2} {_clock(at)} {at.year:04}"


FORMS: tuple[Callable[[int], str], ...] = (fixed, rfc850, asctime)


def _utc(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, tz=dt.UTC)


def _day(at: dt.datetime) -> str:
    return _DAYS[at.weekday()]


def _month(at: dt.datetime) -> str:
    return _MONTHS[at.month - 1]


def _clock(at: dt.datetime) -> str:
    return f"{at.hour:02}:{at.minute:02}:{at.second:02}"
