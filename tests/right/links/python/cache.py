"""The cache: copies of links, each with its version, so that no older one replaces a newer one."""

import asyncio
import contextlib

import redis.asyncio as redis
from entry import Entry
from metrics import CACHE_REQUESTS
from part import Part
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

PATIENCE_S = 0.5
KEPT_S = 600
PUT = """
local old = redis.call('HGET', KEYS[1], 'version')
if old and tonumber(old) > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'entry', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""


class Away(Exception):
    """The cache can't be asked."""


class Cache:
    def __init__(self, url: str):
        self.redis = redis.Redis.from_url(url, decode_responses=True, retry=Retry(NoBackoff(), 0))
        self.part = Part(self.ping)
        self.part.back.append(self.tell_again)
        self.untold = {}  # changes that it could not be told of

    async def run(self):
        await self.part.watch()

    async def ping(self, patience_s: float = PATIENCE_S):
        async with asyncio.timeout(patience_s):
            await self.redis.ping()

    async def look(self, code: str) -> Entry | None:
        """Raises Away."""
        try:
            text = await self.asked(self.redis.hget, key(code), "entry")
        except Away:
            CACHE_REQUESTS.labels("error").inc()
            raise
        CACHE_REQUESTS.labels("hit" if text else "miss").inc()
        return Entry.read(text) if text else None

    async def put(self, code: str, entry: Entry):
        """Raises Away."""
        await self.asked(self.redis.eval, PUT, 1, key(code), entry.version, entry.text(), KEPT_S)

    async def offer(self, code: str, entry: Entry):
        """What was read in the database; it does not matter if it is not taken."""
        with contextlib.suppress(Away):
            await self.put(code, entry)

    async def tell(self, code: str, entry: Entry):
        """Of a change: now, or as soon as it can be told."""
        try:
            await self.put(code, entry)
        except Away:
            self.untold[code] = entry

    async def tell_again(self):
        while self.untold and not self.part.away:
            await self.tell(*self.untold.popitem())

    async def asked(self, command, *arguments):
        if self.part.away:
            raise Away
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await command(*arguments)
        except (OSError, TimeoutError, redis.RedisError) as error:
            self.part.away = True
            await self.redis.connection_pool.disconnect(inuse_connections=False)
            raise Away from error


def key(code: str) -> str:
    return f"link:{code}"
