"""What the services that are raced against have in common, whatever framework: PostgreSQL, the cache, tokens, passwords.

It is written as a service for production would be: a pool of connections, the cache first, one round trip to it where one is enough,
a thread for what takes long. It has no metrics, no limits of time, no promise about what is stale, and clicks are numbers in the cache.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import string
import sys
import time
import uuid
from datetime import UTC, datetime
from typing import Any

import asyncpg
import jwt
import redis.asyncio
import uvicorn
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

CONNECTIONS = 12
KEPT_S = 600
TABLES = """
CREATE TABLE IF NOT EXISTS links (
  code text PRIMARY KEY, url text NOT NULL, owner text NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), expires_at timestamptz
);
CREATE TABLE IF NOT EXISTS accounts (id uuid PRIMARY KEY, email text UNIQUE NOT NULL, password text NOT NULL);
CREATE TABLE IF NOT EXISTS refresh_tokens (token bytea PRIMARY KEY, account uuid NOT NULL, ends_at timestamptz NOT NULL);
"""
LETTERS = string.ascii_letters + string.digits


class NobodyError(Exception):
    """No good token, or no good password."""


class TakenError(Exception):
    """The code is somebody's."""


class Peer:
    """All that needs the other servers."""

    def __init__(self) -> None:
        self.issuer = os.environ["ISSUER"]
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._own = Ed25519PrivateKey.generate()
        self._keys: dict[str, Any] = {"own": self._own.public_key()}

    async def open(self) -> None:
        """Connect, make the tables, fetch the keys."""
        self.database = await asyncpg.create_pool(
            os.environ["DATABASE_URL"], min_size=CONNECTIONS, max_size=CONNECTIONS
        )
        self.cache = redis.asyncio.from_url(os.environ["CACHE_URL"], decode_responses=True)
        await self.database.execute(TABLES)
        if at := os.environ.get("JWKS_URL"):
            for key in (await asyncio.to_thread(jwt.PyJWKClient(at).get_jwk_set)).keys:
                self._keys[key.key_id] = key.key
        if email := os.environ.get("ADMIN_EMAIL"):
            password = self._hasher.hash(os.environ["ADMIN_PASSWORD"])
            await self.database.execute("INSERT INTO accounts VALUES ($1, $2, $3)", uuid.uuid4(), email, password)

    async def close(self) -> None:
        """Let go of all connections."""
        await self.database.close()
        await self.cache.aclose()

    # --- links --------------------------------------------------------------------------------------------------------

    async def followed(self, code: str) -> str | None:
        """Where a link leads; the click is counted."""
        async with self.cache.pipeline(transaction=False) as pipeline:
            url, _ = await pipeline.get(f"link:{code}").incr(f"clicks:{code}").execute()
        if url is None:
            url = await self.database.fetchval(
                "SELECT url FROM links WHERE code = $1 AND (expires_at IS NULL OR expires_at > now())", code
            )
            if url is not None:
                await self.cache.set(f"link:{code}", url, ex=KEPT_S)
        return url

    async def made(self, url: str, code: str | None, expires_at: datetime | None, owner: str) -> dict[str, Any]:
        """A new link, as it is answered."""
        code = code or "".join(secrets.choice(LETTERS) for _ in range(7))
        created_at = await self.database.fetchval(
            "INSERT INTO links (code, url, owner, expires_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING created_at",
            code, url, owner, expires_at,
        )  # fmt: skip
        if created_at is None:
            raise TakenError
        await self.cache.set(f"link:{code}", url, ex=KEPT_S)
        return {
            "code": code,
            "short_url": f"http://127.0.0.1/{code}",
            "url": url,
            "owner": owner,
            "created_at": created_at.astimezone(UTC),
            "expires_at": expires_at,
            "clicks": 0,
        }

    # --- people -------------------------------------------------------------------------------------------------------

    def owner(self, authorization: str | None) -> str:
        """Whose token it is."""
        kind, _, token = (authorization or "").partition(" ")
        if kind.lower() != "bearer":
            raise NobodyError
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]
            return jwt.decode(token, key, ["ES256", "EdDSA"], issuer=self.issuer, audience=self.issuer)["sub"]
        except (jwt.InvalidTokenError, KeyError) as error:
            raise NobodyError from error

    async def logged_in(self, email: str, password: str) -> dict[str, Any]:
        """A session, as it is answered."""
        found = await self.database.fetchrow("SELECT id, password FROM accounts WHERE email = $1", email)
        if found is None:
            raise NobodyError
        try:
            await asyncio.to_thread(self._hasher.verify, found["password"], password)
        except VerifyMismatchError as error:
            raise NobodyError from error
        refresh = secrets.token_urlsafe(32)
        await self.database.execute(
            "INSERT INTO refresh_tokens VALUES (sha256($1), $2, now() + interval '30 days')",
            refresh.encode(), found["id"],
        )  # fmt: skip
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": self.issuer, "sub": str(found["id"]), "iat": now, "exp": now + 300}
        token = jwt.encode(claims, self._own, "EdDSA", {"kid": "own", "typ": "at+jwt"})
        return {"access_token": token, "token_type": "Bearer", "expires_in": 300, "refresh_token": refresh}

    async def account(self, account: str) -> dict[str, Any]:
        """Somebody's account, as it is answered."""
        found = await self.database.fetchrow("SELECT id, email FROM accounts WHERE id = $1", uuid.UUID(account))
        if found is None:
            raise NobodyError
        return {"id": str(found["id"]), "email": found["email"]}


def serve(app: Any) -> None:
    """By uvicorn, with its fastest parts."""
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        access_log=False,
        log_level="error",
        loop="uvloop",
        http="httptools",
        timeout_keep_alive=300,
        backlog=4096,
    )
