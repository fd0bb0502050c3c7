"""Links as their owners see them, and the queries that write and read them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from climb.stack.database.queries import Queries
from climb.stack.http.answers import moment_text
from climb.stack.http.conditions import tag
from climb.systems.links.entries import Entry

__all__ = [
    "Deleted",
    "Link",
    "add_link",
    "add_links",
    "change_link",
    "delete_link",
    "find_link",
    "lock_link",
    "newest_links",
]


class Link(msgspec.Struct, frozen=True):
    """A link as the database has it."""

    code: str
    url: str
    owner: str
    version: int
    created_at: datetime
    expires_at: datetime | None
    clicks: int
    number: int = 0

    @property
    def tag(self) -> str:
        """Its entity tag; clicks do not count as change."""
        return tag(self.code, self.version)

    @property
    def entry(self) -> Entry:
        """What following needs to know of it."""
        return Entry(self.code, self.version, self.url, self.expires_at)

    def shown(self, address: str) -> dict[str, object]:
        """The link as JSON shows it."""
        return {
            "code": self.code,
            "short_url": f"{address}/{self.code}",
            "url": self.url,
            "owner": self.owner,
            "created_at": moment_text(self.created_at),
            "expires_at": None if self.expires_at is None else moment_text(self.expires_at),
            "clicks": self.clicks,
        }


class Deleted(msgspec.Struct, frozen=True):
    """What is left of a link."""

    code: str
    version: int


_SQL = Queries(Path(__file__).with_name("links.sql"))
add_link = _SQL.row("add_link", Link)
add_links = _SQL.rows("add_links", dict)
find_link = _SQL.row("find_link", Link)
lock_link = _SQL.row("lock_link", Link)
newest_links = _SQL.rows("newest_links", Link)
change_link = _SQL.value("change_link", int)
delete_link = _SQL.row("delete_link", Deleted)
