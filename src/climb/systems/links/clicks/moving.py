"""From the journal to the database: batch after batch, again and again until one is there, and those of dead processes too."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # it ships no types

from climb.stack.away import Away
from climb.stack.database.pool import Database
from climb.stack.database.queries import Queries
from climb.systems.links.clicks.journal import Batch, Journal, abandoned
from climb.systems.links.clicks.segment import Counted, Unreadable, read_segment

__all__ = ["Mover"]

_EVERY_S = 0.4
_LOOK_EVERY = 5  # times that, for what other processes have left
_LAST_S = 1.5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_log = logging.getLogger(__name__)
_SQL = Queries(Path(__file__).with_name("clicks.sql"))
_take_turn = _SQL.row("take_turn", dict)
_count_hours = _SQL.nothing("count_hours")
_count_totals = _SQL.nothing("count_totals")


class Mover:
    """Moves clicks while its block lasts, and once more at its end."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database, self._journal = database, journal
        self._unreadable: set[Batch] = set()

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Move what comes; at the end what is left, as far as the database is there."""
        task = asyncio.create_task(self._go_on(), name="clicks")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            with contextlib.suppress(Away, TimeoutError, *_FAILURES):
                async with asyncio.timeout(_LAST_S):
                    await self._move_ours()
            self._journal.close()

    async def _go_on(self) -> None:
        turn = 0
        while True:
            try:
                turn += 1
                await self._move_ours()
                if turn % _LOOK_EVERY == 1:
                    await self._move_abandoned()
            except Away:
                pass
            except _FAILURES as error:
                _log.warning("clicks_not_moved", extra={"why": f"{type(error).__name__}: {error}"})
            except Exception:
                _log.exception("clicks_not_moved")  # the next round may go better; without one, none is ever moved
            await asyncio.sleep(_EVERY_S)

    async def _move_ours(self) -> None:
        await self._database.ready()  # else nothing is sealed: one segment takes all that comes meanwhile
        while (first := self._journal.sealed()) is not None:
            batch, segment = first
            await self._move(batch, segment.counted())
            self._journal.moved(batch)

    async def _move_abandoned(self) -> None:
        """Move what dead processes have left. Of a process, nothing is moved before all that came earlier: it would not count then."""
        waiting: set[uuid.UUID] = set()
        for batch in abandoned(self._journal.folder, self._journal.id):
            if batch.journal not in waiting and not await self._moved_abandoned(batch):
                waiting.add(batch.journal)

    async def _moved_abandoned(self, batch: Batch) -> bool:
        """Whether nothing of that batch is left to be moved: not while its process, or another that moves it, has the file."""
        path = batch.path(self._journal.folder)
        try:
            with read_segment(path) as counted:
                if counted is None:
                    return not path.exists()
                await self._move(batch, counted)
                path.unlink(missing_ok=True)
        except Unreadable as error:
            if batch not in self._unreadable:
                _log.error("clicks_unreadable", extra={"file": path.name, "why": str(error)})
                self._unreadable.add(batch)
            return True  # it is left for a person to look at, and holds up nobody
        _log.info("clicks_recovered", extra={"clicks": sum(one.count for one in counted)})
        return True

    async def _move(self, batch: Batch, counted: Sequence[Counted]) -> None:
        if not counted:
            return
        codes, counts = [one.code for one in counted], [one.count for one in counted]
        hours = [_EPOCH + timedelta(hours=one.hour) for one in counted]
        async with self._database.transaction() as connection:
            if await _take_turn(connection, journal=batch.journal, number=batch.number) is None:
                return  # it was counted, and the answer did not arrive
            await _count_hours(connection, codes=codes, hours=hours, counts=counts)
            await _count_totals(connection, codes=codes, counts=counts)


_FAILURES = (asyncpg.PostgresError, OSError)
