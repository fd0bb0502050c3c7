"""Dates as HTTP writes them, and the three forms in which they come (RFC 9110, 5.6.7)."""

from __future__ import annotations

import calendar
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime

__all__ = ["date_of", "seconds_of"]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SHORT = f"(?:{'|'.join(_DAYS)})"
_LONG = "(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)"
_MONTH = f"(?P<month>{'|'.join(_MONTHS)})"
_TIME = "(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_FORMS = (
    re.compile(f"{_SHORT}, (?P<day>[0-9]{{2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_TIME} GMT"),
    re.compile(f"{_LONG}, (?P<day>[0-9]{{2}})-{_MONTH}-(?P<year>[0-9]{{2}}) {_TIME} GMT"),
    re.compile(f"{_SHORT} {_MONTH} (?P<day>[0-9]{{2}}| [0-9]) {_TIME} (?P<year>[0-9]{{4}})"),
)


def date_of(seconds: int) -> str:
    """Return a time since 1970 as ``Sun, 06 Nov 1994 08:49:37 GMT``, whatever the locale."""
    year, month, day, hour, minute, second, weekday, _, _ = time.gmtime(seconds)
    return f"{_DAYS[weekday]}, {day:02} {_MONTHS[month - 1]} {year:04} {hour:02}:{minute:02}:{second:02} GMT"


def seconds_of(text: str, now: Callable[[], float] = time.time) -> int | None:
    """Return the time since 1970 of a date in any of the three forms, or None if it is no date."""
    match = next(filter(None, (form.fullmatch(text) for form in _FORMS)), None)
    if match is None:
        return None
    year, month = int(match["year"]), _MONTHS.index(match["month"]) + 1
    numbers = int(match["day"]), int(match["hour"]), int(match["minute"])
    second = min(int(match["second"]), 60)
    try:
        moment = datetime(year if len(match["year"]) == 4 else _full_year(year, now), month, *numbers, tzinfo=UTC)
    except ValueError:
        return None
    return None if int(match["second"]) > 60 else calendar.timegm(moment.timetuple()) + second


def _full_year(two_digits: int, now: Callable[[], float]) -> int:
    """Return the year that ends with these digits: one that seems more than 50 years ahead was in the past."""
    this_year = time.gmtime(now()).tm_year
    year = this_year - this_year % 100 + two_digits
    return year - 100 if year > this_year + 50 else year
