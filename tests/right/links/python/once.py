"""Idempotency-Key: the same request with the same key is done once, and answered in the same way again."""

import contextlib
import hashlib
import json
import re

from problem import Problem, error, wrong
from starlette.responses import Response

KEY = re.compile(r"[ -~]{1,128}")
LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))"
FIND = (
    "SELECT request, status, headers, body FROM answers WHERE owner = $1 AND key = $2 AND at > now() - interval '1 day'"
)
STORE = """
INSERT INTO answers (owner, key, request, status, headers, body) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (owner, key) DO UPDATE
SET request = excluded.request, status = excluded.status, headers = excluded.headers, body = excluded.body, at = now()
"""
KEPT = {"location", "content-type"}


class Work:
    """What one request does; with a key, the answer is stored in the same transaction."""

    def __init__(self, sql, owner: str, key: str | None, request: bytes):
        self.sql, self.owner, self.key, self.request = sql, owner, key, request
        self.response = None

    @property
    def answered(self) -> bool:
        return self.response is not None

    async def store(self, response: Response):
        self.response = response
        if self.key is not None:
            headers = json.dumps({name: value for name, value in response.headers.items() if name in KEPT})
            await self.sql.execute(
                STORE, self.owner, self.key, self.request, response.status_code, headers, response.body
            )

    async def look(self):
        if not await self.sql.fetchval(LOCK, f"{self.owner}\n{self.key}"):
            raise Problem(409, "a request with this Idempotency-Key is under way", headers={"Retry-After": "1"})
        row = await self.sql.fetchrow(FIND, self.owner, self.key)
        if row is None:
            return
        if row["request"] != self.request:
            raise wrong([error("Idempotency-Key", "stands for another request")])
        self.response = Response(row["body"], row["status"], json.loads(row["headers"]))


@contextlib.asynccontextmanager
async def once(sql, request, caller, body: bytes):
    key = request.headers.get("idempotency-key")
    if key is not None and not KEY.fullmatch(key):
        raise wrong([error("Idempotency-Key", "expected 1 to 128 printable ASCII characters")])
    work = Work(sql, caller.sub, key, fingerprint(request, body))
    if key is not None:
        await work.look()
    yield work


def fingerprint(request, body: bytes) -> bytes:
    """Of a request, byte for byte."""
    return hashlib.sha256(f"{request.method} {request.url.path}\n".encode() + body).digest()
