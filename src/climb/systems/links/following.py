"""Where a name leads: what an instance may say of it now, and whom it asks when it remembers nothing that it may believe."""

from __future__ import annotations

import asyncio
from pathlib import Path
from time import monotonic

from climb.stack.away import Away
from climb.stack.cache.single_flight import SingleFlight
from climb.stack.database.pool import Database
from climb.stack.database.queries import Queries
from climb.systems.links.entries import NOWHERE, Entry, Found
from climb.systems.links.known import Known, Remembered
from climb.systems.links.shared_cache import KEPT_S, SharedCache

__all__ = ["Lookup"]

_LONGEST_S = 1.75  # all that a client waits for
_TELL_AGAIN_S = 1.0  # at the earliest, when the link is followed
_SHARE_FOR_NOWHERE = 0.1  # of the time in which something may be stale: an answer that took longer is for nobody else

_SQL = Queries(Path(__file__).with_name("following.sql"))
_find = _SQL.row("find_known", Found)


class Lookup:
    """Finds links for those who follow them, and remembers what was found."""

    def __init__(self, database: Database, cache: SharedCache, known: Known, stale_s: float) -> None:
        self._database, self._cache, self._known = database, cache, known
        self._stale_s = stale_s
        self._flights: SingleFlight[str, Remembered] = SingleFlight()
        self._telling: set[asyncio.Task[None]] = set()

    async def find(self, code: str) -> Remembered:
        """The link as it may be said to be now; however many ask at a moment, others are asked once. Away if none can say."""
        try:
            async with asyncio.timeout(_LONGEST_S):
                while True:
                    found = await self._flights.get(code, lambda: self._fetched(code))
                    if self._known.may_be_said(found, monotonic()):
                        return found
        except TimeoutError:
            raise Away("database", "its answers come too late") from None

    def made(self, entry: Entry) -> None:
        """A link was made here: it is there at once."""
        self._flights.part(entry.code)
        now = monotonic()
        self.tell(self._known.remember(entry, now, told_at=now))

    def is_changed(self, code: str) -> None:
        """A link was changed here: nobody gets what is being looked for."""
        self._flights.part(code)

    def refresh(self, remembered: Remembered, now: float) -> None:
        """Let the cache keep a link that is followed here, long before it would forget it."""
        remembered.told_at = now
        if self._known.is_fed(now):
            self.tell(remembered)

    def tell(self, remembered: Remembered) -> None:
        """Let the cache know, if it is there; nobody waits for that."""
        task = asyncio.create_task(self._tell(remembered))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _tell(self, remembered: Remembered) -> None:
        try:
            await self._cache.tell(remembered.entry)
        except Away:
            remembered.told_at = monotonic() - KEPT_S / 2 + _TELL_AGAIN_S

    async def _fetched(self, code: str) -> Remembered:
        """What the cache says if the feed vouches for it, else the database; and the cache again if that can't be asked.

        While there is no news from the database, the cache knows of every change.
        """
        if self._known.is_fed(monotonic()):
            found = await self._of_cache(code, patient=False)
            if found is not None:
                return found
        try:
            found = await self._of_database(code)
            if self._known.may_be_said(found, monotonic()):
                return found
        except Away:
            found = None
        from_cache = await self._of_cache(code, patient=True)
        if from_cache is not None:
            return from_cache
        if found is not None:
            return found
        raise Away("database")

    async def _of_cache(self, code: str, *, patient: bool) -> Remembered | None:
        asked_at = monotonic()
        try:
            entry = await self._cache.get(code, patient=patient)
        except Away:
            return None
        if entry is None or self._known.outdates(entry):
            return None
        return self._known.remember(entry, asked_at, told_at=asked_at - KEPT_S / 2)

    async def _of_database(self, code: str) -> Remembered:
        while True:
            asked_at = monotonic()
            async with self._database.session() as connection:
                row = await _find(connection, code=code)
            entry = Entry(code, NOWHERE) if row is None else row.entry()
            if not self._known.outdates(entry):
                break  # else it was changed while we asked
        remembered = self._known.remember(entry, asked_at, told_at=asked_at)
        if row is not None or monotonic() - asked_at < _SHARE_FOR_NOWHERE * self._stale_s:
            self.tell(remembered)
        return remembered
