"""The issuer's public keys: fetched when they are needed, and not again and again."""

import asyncio
import json
import time
import urllib.request

import jwt
from problem import Unavailable

AGAIN_S = 10
AFTER_FAILURE_S = 1
PATIENCE_S = 1.0


class KeySet:
    def __init__(self, url: str):
        self.url = url
        self.keys = None
        self.next_at = 0.0
        self.fetching = asyncio.Lock()

    async def key(self, kid: str):
        """The key of this name, or None. Raises Unavailable as long as there never were any."""
        if self.keys is None or kid not in self.keys:
            async with self.fetching:
                if (self.keys is None or kid not in self.keys) and time.monotonic() >= self.next_at:
                    await self.fetch()
        if self.keys is None:
            raise Unavailable("the issuer's keys are not known")
        return self.keys.get(kid)

    async def fetch(self):
        try:
            async with asyncio.timeout(PATIENCE_S):
                self.keys = await asyncio.to_thread(read_keys, self.url)
            self.next_at = time.monotonic() + AGAIN_S
        except Exception:
            self.next_at = time.monotonic() + AFTER_FAILURE_S


def read_keys(url: str) -> dict:
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
        found = json.loads(answer.read())["keys"]
    return {key["kid"]: parsed for key in found if "kid" in key and (parsed := readable(key))}


def readable(key: dict):
    try:
        return jwt.PyJWK(key)
    except jwt.PyJWTError:
        return None  # of a kind that is not used here
