"""What an instance remembers of links, and until when it may believe that.

An entry is as true as the moment when the database, or while that is away the cache, was asked for it. The feed of changes moves that
moment for all entries at once: an entry that no change speaks of is as true as at the moment when the feed was last asked.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from climb.systems.http.answer import Answer
from climb.systems.links.clicks.segment import Slot
from climb.systems.links.entries import NOWHERE, Entry

__all__ = ["Known", "Remembered"]

_MOST = 30_000
_CHANGES_KEPT_S = 1200.0  # twice what the cache keeps entries for, and far more than a question takes


class Remembered:
    """An entry in memory, with what following it needs at hand."""

    __slots__ = ("answer", "ends_s", "entry", "good_until", "slot", "told_at", "used_at")

    def __init__(self, entry: Entry, good_until: float, told_at: float) -> None:
        self.entry = entry
        self.good_until = good_until  # by the monotonic clock, whatever the feed says
        self.told_at = told_at  # when the shared cache was last told of it
        self.used_at = told_at
        self.ends_s = entry.ends_us / 1e6
        self.slot: Slot | None = None  # where its clicks are counted
        self.answer: Answer | None = None  # what following it says, made once


class Known:
    """Entries by path, and the versions that changes have made. Times are those of the monotonic clock."""

    def __init__(self, believed_s: float, nowhere_s: float) -> None:
        self._believed_s = believed_s
        self._nowhere_s = nowhere_s
        self._changes: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self.paths: dict[bytes, Remembered] = {}
        self.fed_until = 0.0  # all entries of links that are there are good until then, by the feed

    def find(self, code: str) -> Remembered | None:
        """What is remembered of a link, good or not."""
        return self.paths.get(path_of(code))

    def is_good(self, remembered: Remembered, now: float) -> bool:
        """Whether it may be believed now."""
        if now < remembered.good_until:
            return True
        return now < self.fed_until and remembered.entry.version != NOWHERE

    def may_be_said(self, remembered: Remembered, now: float) -> bool:
        """Whether those may be told who waited for it; that a link is not there is remembered for less time than it is true."""
        if remembered.entry.version == NOWHERE:
            now -= self._believed_s - self._nowhere_s
        return self.is_good(remembered, now)

    def is_fed(self, now: float) -> bool:
        """Whether the feed says now what is true."""
        return now < self.fed_until

    def outdates(self, entry: Entry) -> bool:
        """Whether a change is known that is newer than this entry."""
        change = self._changes.get(entry.code)
        return change is not None and change[0] > entry.version

    def good_until(self, entry: Entry, asked_at: float) -> float:
        """Until when an entry is to be believed that was asked for at that moment."""
        return asked_at + (self._nowhere_s if entry.version == NOWHERE else self._believed_s)

    def remember(self, entry: Entry, asked_at: float, *, told_at: float) -> Remembered:
        """Keep an entry, unless what is kept is newer; return what is kept."""
        path = path_of(entry.code)
        before = self.paths.get(path)
        if before is not None and before.entry.version >= entry.version:
            if before.entry.version == entry.version:
                before.good_until = max(before.good_until, self.good_until(entry, asked_at))
            return before
        if before is None and len(self.paths) >= _MOST:
            self._forget_some()
        kept = self.paths[path] = Remembered(entry, self.good_until(entry, asked_at), told_at)
        return kept

    def changed(self, entry: Entry, now: float) -> bool:
        """Hear of a change; tell whether that is news."""
        known = self._changes.pop(entry.code, None)
        version = max(entry.version, known[0] if known else 0)
        self._changes[entry.code] = (version, now)
        before = self.paths.get(path_of(entry.code))
        if before is not None and before.entry.version < entry.version:
            self.remember(entry, now, told_at=now)
        return known is None or known[0] < entry.version

    def fed(self, asked_at: float) -> None:
        """The feed has told all changes until that moment."""
        self.fed_until = max(self.fed_until, asked_at + self._believed_s)
        while self._changes:
            code, (_, heard_at) = next(iter(self._changes.items()))
            if heard_at > asked_at - _CHANGES_KEPT_S:
                break
            del self._changes[code]

    def forget(self) -> None:
        """Begin anew: changes may have been missed."""
        self.paths.clear()
        self._changes.clear()

    def used_since(self, moment: float) -> Iterator[Entry]:
        """The links that were followed here since then."""
        for remembered in list(self.paths.values()):
            if remembered.used_at >= moment and remembered.entry.version != NOWHERE:
                yield remembered.entry

    def _forget_some(self) -> None:
        """Make room: the entries that came first go."""
        for path in [path for path, _ in zip(self.paths, range(_MOST // 10), strict=False)]:
            del self.paths[path]


def path_of(code: str) -> bytes:
    """How a link is asked for."""
    return b"/" + code.encode("ascii")
