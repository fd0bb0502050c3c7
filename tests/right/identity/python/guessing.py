"""Failed logins are counted in the database: for each pair of e-mail and client address, and for each client address."""

import asyncio
import contextlib
import math

from database import not_counted
from events import tell
from problem import SlowedDown
from secret import kept

SPRAYED = 10  # times FAILURES, of one client address with whatever e-mail addresses
SECONDS = "interval '1 second'"


class Pair:
    """The tries of one e-mail and client address that are under way."""

    def __init__(self):
        self.trying = 0
        self.here = 0
        self.door = asyncio.Lock()  # one after the other they look whether they may try
        self.left = asyncio.Event()


class Guessing:
    def __init__(self, database, settings):
        self.database = database
        self.settings = settings
        self.pairs = {}

    @contextlib.asynccontextmanager
    async def turn(self, ask, email: str):
        """A try may be made in the block. Raises SlowedDown after too many failures; of those that come at once some wait."""
        who = (email, ask.address)
        pair = self.pairs.setdefault(who, Pair())
        pair.here += 1
        try:
            async with pair.door:
                await self.wait(ask, email, pair)
                pair.trying += 1
            try:
                yield
            finally:
                pair.trying -= 1
                pair.left.set()
        finally:
            pair.here -= 1
            if not pair.here:
                self.pairs.pop(who, None)

    async def wait(self, ask, email: str, pair: Pair):
        """Until one more wrong password would not be one too many."""
        while pair.trying + await self.failed(ask, email) >= self.settings.failures and pair.trying:
            pair.left.clear()
            with not_counted():
                await pair.left.wait()

    async def failed(self, ask, email: str) -> int:
        """How often the pair has failed; raises SlowedDown if it, or the client, is locked."""
        async with self.database.transaction() as sql:
            row = await sql.fetchrow(
                "SELECT (SELECT extract(epoch FROM max(until) - now())::float FROM locks"
                " WHERE who = ANY($1) AND until > now()) AS left_s,"
                f" (SELECT count(*) FROM failures WHERE who = $2 AND at > now() - $3 * {SECONDS}) AS failed",
                [pair_of(ask, email), client_of(ask)],
                pair_of(ask, email),
                self.settings.lock_s,
            )
            if row["left_s"] is None:
                return row["failed"]
            await tell(sql, ask, "login_throttled", await account_of(sql, email))
        raise SlowedDown(max(1, math.ceil(row["left_s"])))

    async def count(self, sql, ask, email: str):
        """One more failure."""
        await self.count_for(sql, pair_of(ask, email), self.settings.failures)
        await self.count_for(sql, client_of(ask), SPRAYED * self.settings.failures)

    async def count_for(self, sql, who: str, most: int):
        lock_s = self.settings.lock_s
        await sql.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", who)
        await sql.execute(f"DELETE FROM failures WHERE who = $1 AND at <= now() - $2 * {SECONDS}", who, lock_s)
        await sql.execute("INSERT INTO failures (who) VALUES ($1)", who)
        if await sql.fetchval("SELECT count(*) FROM failures WHERE who = $1", who) >= most:
            await sql.execute(
                f"INSERT INTO locks (who, until) VALUES ($1, now() + $2 * {SECONDS})"
                " ON CONFLICT (who) DO UPDATE SET until = excluded.until",
                who,
                lock_s,
            )

    async def forget(self, sql, ask, email: str):
        """After a success."""
        await sql.execute("DELETE FROM failures WHERE who = $1", pair_of(ask, email))


def pair_of(ask, email: str) -> str:
    """Short, however long the address is: an index has no room for any text."""
    return f"{ask.address} {kept(email).hex()}"


def client_of(ask) -> str:
    return ask.address


async def account_of(sql, email: str) -> str | None:
    return await sql.fetchval("SELECT id FROM accounts WHERE email = $1", email)
