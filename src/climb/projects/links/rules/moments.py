"""Times as the contract writes them: RFC 3339, in UTC with a Z, with at most six digits behind the second."""

from __future__ import annotations

import datetime as dt
import re

__all__ = ["day_of", "from_now", "hour_of", "moment", "written"]

_FORM = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z", re.ASCII)


def moment(text: object) -> dt.datetime | None:
    """The moment that a text means; None if it has another form, or names a day or an hour that does not exist."""
    match = _FORM.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    try:
        whole = dt.datetime.strptime(match[1], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=dt.UTC)
    except ValueError:
        return None
    return whole + dt.timedelta(microseconds=int((match[2] or "").ljust(6, "0")))


def written(when: dt.datetime, digits: int = 6) -> str:
    """A moment as a request writes it, with so many digits behind the second; what is beyond them is cut off."""
    fraction = f".{when.microsecond:06}"[: digits + 1] if digits else ""
    return f"{when.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S}{fraction}Z"


def from_now(seconds: float) -> dt.datetime:
    """The moment that is so far from now by the machine's clock; the program reads the same clock."""
    return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)


def hour_of(when: dt.datetime) -> dt.datetime:
    """When the hour around it began."""
    return when.replace(minute=0, second=0, microsecond=0)


def day_of(when: dt.datetime) -> dt.datetime:
    """When the day around it began."""
    return when.replace(hour=0, minute=0, second=0, microsecond=0)
