"""Times as texts (RFC 3339), in UTC with a Z."""

import re
from datetime import UTC, datetime

PATTERN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z")


def read(text: object) -> datetime | None:
    """None if it is no time."""
    if not isinstance(text, str) or not PATTERN.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def written(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def full_hour(text: str) -> datetime | None:
    moment = read(text)
    return moment if moment and not (moment.minute or moment.second or moment.microsecond) else None


def now() -> datetime:
    return datetime.now(UTC)
