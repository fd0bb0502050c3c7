"""What following needs to know of a link, in memory and as bytes in the cache."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import msgspec

__all__ = ["NOWHERE", "Entry", "Found", "read_entry", "written"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ADDRESS = re.compile("[!-~]*")  # it becomes a field of an answer: a line end in it would begin another one
_MICROSECOND = timedelta(microseconds=1)
NOWHERE = 0
"""The version of a link that is not there."""


class Found(msgspec.Struct, frozen=True):
    """A link as the database has it, also when it was deleted."""

    code: str
    version: int
    url: str
    expires_at: datetime | None
    deleted: bool

    def entry(self) -> Entry:
        """What is remembered of it."""
        return Entry(self.code, self.version, "" if self.deleted else self.url, self.expires_at)


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One state of a link. Its version grows with each change, so of two entries it is clear which one is newer.

    A link that is not there has version 0; one that was deleted has a version and no ``url``.
    """

    code: str
    version: int
    url: str = ""
    expires_at: datetime | None = None

    @property
    def ends_us(self) -> int:
        """From which microsecond since 1970 on it has expired; 0 for never."""
        return 0 if self.expires_at is None else (self.expires_at - _EPOCH) // _MICROSECOND


def written(entry: Entry) -> bytes:
    """The entry as the cache keeps it. The version stands first, where the cache can compare it."""
    return f"{entry.version} {entry.ends_us} {entry.url}".encode()


def read_entry(code: str, text: bytes) -> Entry | None:
    """The entry that the cache has kept; None if somebody else has written it."""
    try:
        version, ends_us, url = text.decode("ascii").split(" ", 2)
        ends = _EPOCH + int(ends_us) * _MICROSECOND if int(ends_us) else None
        return Entry(code, int(version), url, ends) if _ADDRESS.fullmatch(url) else None
    except (ValueError, OverflowError):
        return None
