"""The feed of changes: the database is asked again and again what has changed, and so nothing in memory is believed for too long.

A question costs the same however many links are remembered. It is asked every quarter of the time for which something may be stale;
a slow database is asked anew before it has answered. Each answer is true as of the moment when its question was put, or later.

Who hears of a change also sees to it that the cache knows: the instance that made it may have been unable to tell, or have died.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

from climb.stack.away import Away
from climb.stack.database.pool import Database
from climb.stack.database.queries import Queries
from climb.systems.links.entries import Entry, Found
from climb.systems.links.known import Known
from climb.systems.links.shared_cache import KEPT_S, SharedCache

__all__ = ["Feed"]

_LONGEST_PERIOD_S = 0.5
_MOST_AT_ONCE = 4
_QUESTION_S = 1.2
_RETAINED = timedelta(seconds=3 * KEPT_S)
_MISSED_S = 2 * KEPT_S  # without an answer for so long, some may be gone that were never heard of
_USED_S = 120.0
_FORGET_EVERY_S = 60.0
_MARK_EVERY_S = 0.5

_log = logging.getLogger(__name__)
_SQL = Queries(Path(__file__).with_name("following.sql"))
_changes = _SQL.rows("changes_from", dict)
_forget = _SQL.count("forget_changes_before")


class Feed:
    """Asks while its block lasts; what it hears goes to ``known`` and to the cache."""

    def __init__(self, database: Database, cache: SharedCache, known: Known, stale_s: float) -> None:
        self._database, self._cache, self._known = database, cache, known
        self._period_s = min(stale_s / 4, _LONGEST_PERIOD_S)
        self._horizon = "0"
        self._heard_at = 0.0
        self._untold: dict[str, Entry] = {}
        self._asking: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Ask, tell and tidy up while the block lasts."""
        tasks = [asyncio.create_task(work()) for work in (self._ask_on, self._tell_on, self._tidy_on)]
        try:
            yield
        finally:
            ending = [*tasks, *self._asking]
            for task in ending:
                task.cancel()
            await asyncio.wait(ending)

    async def told(self, entry: Entry) -> None:
        """Let all who follow know of a change that is in the database, as far as they can be reached now."""
        self._known.changed(entry, monotonic())
        self._known.remember(entry, monotonic(), told_at=monotonic())
        try:
            await self._cache.tell(entry)
        except Away:
            self._untold[entry.code] = entry

    # --- hearing -----------------------------------------------------------------------------------------------------

    async def _ask_on(self) -> None:
        await self._database.wait()
        while True:
            if len(self._asking) < _MOST_AT_ONCE:
                task = asyncio.create_task(self._ask())
                self._asking.add(task)
                task.add_done_callback(self._asking.discard)
            await asyncio.sleep(self._period_s)

    async def _ask(self) -> None:
        asked_at = monotonic()
        try:
            async with self._database.session(within_s=_QUESTION_S) as connection:
                rows = await _changes(connection, horizon=self._horizon)
        except Away:
            return
        except Exception:
            _log.exception("changes_not_read")
            return
        self._hear(rows, asked_at)

    def _hear(self, rows: list[dict[str, Any]], asked_at: float) -> None:
        if asked_at < self._heard_at:
            return  # a later question was answered before
        if self._heard_at and asked_at - self._heard_at > _MISSED_S:
            self._known.forget()
        self._heard_at, self._horizon = asked_at, rows[0]["horizon"]
        for row in rows:
            if row["code"] is None:
                continue  # nothing has changed
            entry = Found(row["code"], row["version"], row["url"], row["expires_at"], row["deleted"]).entry()
            if self._known.changed(entry, asked_at):
                self._untold[entry.code] = entry
        self._known.fed(asked_at)

    # --- telling -----------------------------------------------------------------------------------------------------

    async def _tell_on(self) -> None:
        """Tell the cache what it could not be told before; and if it was emptied, what is followed here."""
        while True:
            with contextlib.suppress(Away):
                await self._tell_untold()
                if await self._cache.was_emptied() and self._known.is_fed(now := monotonic()):
                    await self._cache.tell_all(self._known.used_since(now - _USED_S))
            await asyncio.sleep(min(_MARK_EVERY_S, self._period_s))

    async def _tell_untold(self) -> None:
        telling = list(self._untold.values())
        await self._cache.tell_all(telling)
        for entry in telling:
            if self._untold.get(entry.code) is entry:
                del self._untold[entry.code]

    # --- tidying up --------------------------------------------------------------------------------------------------

    async def _tidy_on(self) -> None:
        while True:
            await asyncio.sleep(_FORGET_EVERY_S)
            with contextlib.suppress(Away):
                async with self._database.session() as connection:
                    await _forget(connection, oldest=datetime.now(UTC) - _RETAINED)
