"""Numbers and dates as a reader would say them."""

from __future__ import annotations

import datetime as dt

__all__ = ["day", "number_word", "times"]

_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def number_word(count: int) -> str:
    """A count in words up to twelve, then in digits."""
    return _WORDS[count] if 0 <= count < len(_WORDS) else f"{count:,}"


def times(count: int) -> str:
    """How often: once, twice, three times, 13 times."""
    return {1: "once", 2: "twice"}.get(count) or f"{number_word(count)} times"


def day(moment: str | dt.datetime) -> str:
    """The date in the reader's own time zone: 14 March 2026. A text that is no RFC 3339 time is given back as it is."""
    try:
        local = (dt.datetime.fromisoformat(moment) if isinstance(moment, str) else moment).astimezone()
    except ValueError:
        return str(moment)
    return f"{local.day} {local:%B %Y}"
