"""Dates in the three forms that HTTP has seen (RFC 9110, 5.6.7)."""

import calendar
import re
import time
from datetime import date
from email.utils import formatdate

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
LONG_DAY = "(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)"
MONTH = f"(?P<month>{'|'.join(MONTHS)})"
TIME = "(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
FORMS = (
    re.compile(f"{DAY}, (?P<day>[0-9]{{2}}) {MONTH} (?P<year>[0-9]{{4}}) {TIME} GMT"),
    re.compile(f"{LONG_DAY}, (?P<day>[0-9]{{2}})-{MONTH}-(?P<year>[0-9]{{2}}) {TIME} GMT"),
    re.compile(f"{DAY} {MONTH} (?P<day>[0-9]{{2}}| [0-9]) {TIME} (?P<year>[0-9]{{4}})"),
)


def http_date(seconds) -> str:
    return formatdate(seconds, usegmt=True)


def read_date(text):
    """Seconds since 1970, or None for what is no date."""
    for form in FORMS:
        if match := form.fullmatch(text):
            return seconds_of(match.groupdict())
    return None


def seconds_of(parts):
    year, month, day = full_year(parts["year"]), MONTHS.index(parts["month"]) + 1, int(parts["day"])
    hour, minute, second = int(parts["hour"]), int(parts["minute"]), int(parts["second"])
    if hour > 23 or minute > 59 or second > 60:
        return None
    try:
        date(year, month, day)
    except ValueError:
        return None
    return calendar.timegm((year, month, day, hour, minute, second))


def full_year(text) -> int:
    """Two digits that seem to be more than 50 years ahead mean the last such year that has been."""
    if len(text) == 4:
        return int(text)
    now = time.gmtime().tm_year
    year = now // 100 * 100 + int(text)
    return year - 100 if year > now + 50 else year
