"""The one form of a date that servers write (RFC 9110, 5.6.7), read strictly."""

from __future__ import annotations

import calendar
import re

__all__ = ["imf_date"]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FORM = re.compile(rf"({'|'.join(_DAYS)}), (\d\d) ({'|'.join(_MONTHS)}) (\d{{4}}) (\d\d):(\d\d):(\d\d) GMT", re.ASCII)


def imf_date(text: str) -> int | None:
    """Seconds since 1970 of such a date; None if it is none, or names the wrong day of the week."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    name, day, month, year, hour, minute, second = match.groups()
    given = (int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second))
    if not (1 <= given[2] <= calendar.monthrange(given[0], given[1])[1] and given[3] < 24 and given[4] < 60):
        return None
    if given[5] > 60 or _DAYS[calendar.weekday(*given[:3])] != name:  # 60: a leap second
        return None
    return calendar.timegm(given)
