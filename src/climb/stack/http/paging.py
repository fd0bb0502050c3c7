"""Long lists, page by page, so that nothing is missing or twice on the way through.

A cursor says behind which item the next page begins, by what the list is sorted by, and never how many items came before: items that
are added or removed meanwhile move nothing. That needs an order that is unique and that an item keeps for all its life. And it needs
items that appear in that order: newest first they do, but oldest first, a row with a smaller number may be committed after one with a
larger. Such a list ends before the first transaction that is still under way:
``WHERE written_by < pg_snapshot_xmin(pg_current_snapshot())``, with ``written_by xid8 DEFAULT pg_current_xact_id()`` (PostgreSQL
manual, 9.28) and sorted by ``(written_by, number)``.

A cursor is opaque but not signed: it holds what the reader has seen on the page before, and the query below it decides anew what that
reader may see. It is typed and bound to its list, so a foreign or a made-up one is a 422 and not an error of the database.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

import msgspec

from climb.stack.http.problems import invalid

__all__ = ["Cursors", "Page", "PageQuery"]

T = TypeVar("T")
Key = TypeVar("Key")
Item = TypeVar("Item")


class Page(msgspec.Struct, Generic[T], frozen=True):
    """Some items of a list, and the cursor of the page behind them; null on the last."""

    items: list[T]
    next: str | None


class PageQuery(msgspec.Struct, frozen=True):
    """``?limit=`` and ``?after=`` of a request for a page."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50
    after: str | None = None


class Cursors(Generic[Key]):
    """The cursors of one list: ``Cursors("links", tuple[datetime, int])``; the filter is part of the name, if there is one."""

    def __init__(self, name: str, key: type[Key]) -> None:
        self._name = name
        self._decoder: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(tuple[str, key])  # type: ignore[valid-type]

    def text(self, key: Key) -> str:
        """The cursor that stands for what is behind ``key``."""
        packed = msgspec.msgpack.encode((self._name, key))
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    def key(self, text: str | None) -> Key | None:
        """Where a page begins, None for the first; 422 if the cursor is none of this list's."""
        if text is None:
            return None
        try:
            packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            name, key = self._decoder.decode(packed)
        except (ValueError, binascii.Error, msgspec.DecodeError):
            raise invalid(("after", "is not the next of a page of this list")) from None
        if name != self._name:  # of another list, or of another filter
            raise invalid(("after", "is not the next of a page of this list"))
        return key  # type: ignore[no-any-return]  # decoded as Key above

    def page(self, found: Sequence[Item], limit: int, key: Callable[[Item], Key]) -> Page[Item]:
        """A page of what was found, which is one more than ``limit`` if there is a next page."""
        items = list(found[:limit])
        return Page(items, self.text(key(items[-1])) if len(found) > limit else None)
