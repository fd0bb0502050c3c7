"""Where a code leads: from memory, from the cache, or from the database, and never as it was more than STALE_MS ago."""

import asyncio
import contextlib
import time

from cache import Away
from database import LOOK_S
from entry import Entry
from metrics import CACHE_REQUESTS
from problem import Unavailable

REMEMBERED = 50_000
TRIES = 2  # an answer of the database may come too late to be believed
BELIEVED = 0.8  # of STALE_MS: the rest is for the way of an answer
FIND = "SELECT url, expires_at, deleted_at, version FROM links WHERE code = $1"
HIT = CACHE_REQUESTS.labels("hit")


class Following:
    def __init__(self, database, cache, stale_s: float):
        self.database, self.cache = database, cache
        self.believed_s = BELIEVED * stale_s
        self.memory = {}
        self.reading = {}
        self.offers = set()

    def remembered(self, code: str) -> Entry | None:
        """What is in memory, and still believed."""
        entry = self.memory.get(code)
        if entry is None or not self.fresh(entry):
            return None
        HIT.inc()
        return entry

    async def find(self, code: str) -> Entry:
        """Raises Unavailable if nobody can tell."""
        entry = await self.cached(code)
        if entry is None or not self.fresh(entry):
            entry = await self.asked(code)
        self.remember(code, entry)
        return entry

    async def asked(self, code: str) -> Entry:
        """From the database; while that can't be asked the cache knows of every change."""
        with contextlib.suppress(Unavailable):
            for _ in range(TRIES):
                entry = await self.read_once(code)
                if self.fresh(entry):
                    return entry
        began = time.time()
        entry = await self.cached(code)
        if entry is None or entry.version == 0:
            raise Unavailable("nobody can say where this leads")
        return entry._replace(as_of=began)

    async def read_once(self, code: str) -> Entry:
        """However many ask for a code at a moment, it is read once."""
        if code not in self.reading:
            self.reading[code] = asyncio.create_task(self.read(code))
            self.reading[code].add_done_callback(lambda task: self.reading.pop(code) and task.exception())
        return await asyncio.shield(self.reading[code])

    async def read(self, code: str) -> Entry:
        began = time.time()
        async with self.database.connection(LOOK_S) as sql:
            row = await sql.fetchrow(FIND, code)
        entry = Entry.of(row, began)
        offer = asyncio.create_task(self.cache.offer(code, entry))  # a slow cache is nothing to wait for
        self.offers.add(offer)
        offer.add_done_callback(self.offers.discard)
        return entry

    async def cached(self, code: str) -> Entry | None:
        try:
            return await self.cache.look(code)
        except Away:
            return None

    async def changed(self, code: str, entry: Entry):
        """Before a change is answered, everybody can know of it."""
        self.remember(code, entry)
        await self.cache.tell(code, entry)

    def fresh(self, entry: Entry) -> bool:
        return time.time() < entry.as_of + self.believed_s

    def remember(self, code: str, entry: Entry):
        known = self.memory.pop(code, None)
        self.memory[code] = known if known is not None and known.version > entry.version else entry
        if len(self.memory) > REMEMBERED:
            del self.memory[next(iter(self.memory))]
