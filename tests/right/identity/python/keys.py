"""The keys that sign: in the database, since all instances sign with them, and in memory, since their public halves are always shown."""

import asyncio
import json

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from answers import answer
from database import STARTING, lock
from events import tell
from problem import Unavailable
from secret import new_id

ALGORITHM = "ES256"
LOOK_S = 0.5  # how often for what other instances have made
SPARE_S = 3  # an instance that has not heard of a new key signs so long with the old one
LIVING = "shown_until IS NULL OR shown_until > now()"


class Keys:
    def __init__(self, database, settings):
        self.database = database
        self.settings = settings
        self.private = {}  # by kid, the newest last

    async def load(self):
        async with self.database.transaction() as sql:
            rows = await sql.fetch(f"SELECT kid, pem FROM signing_keys WHERE {LIVING} ORDER BY seq")
        self.private = {row["kid"]: read_pem(row["pem"]) for row in rows}

    async def make_first(self):
        async with self.database.transaction() as sql:
            await lock(sql, STARTING)
            if not await sql.fetchval("SELECT count(*) FROM signing_keys"):
                await insert_key(sql)
        await self.load()

    async def follow(self):
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self.load()
            except Unavailable:
                pass  # those that were there stay

    async def replace(self, ask, by: str) -> str:
        async with self.database.transaction() as sql:
            await lock(sql, STARTING)
            await sql.execute(
                "UPDATE signing_keys SET shown_until = now() + $1 * interval '1 second' WHERE shown_until IS NULL",
                self.settings.access_s + SPARE_S,
            )
            kid = await insert_key(sql)
            await tell(sql, ask, "key_created", None, by)
        await self.load()
        return kid

    def sign(self, claims: dict) -> str:
        kid = list(self.private)[-1]
        return jwt.encode(claims, self.private[kid], ALGORITHM, headers={"typ": "at+jwt", "kid": kid})

    async def public(self, kid: str):
        """The key of this name; None if there is none, here or in the database."""
        if kid not in self.private:
            await self.load()
        private = self.private.get(kid)
        return private and private.public_key()

    def shown(self) -> list[dict]:
        return [as_jwk(kid, private) for kid, private in self.private.items()]


async def insert_key(sql) -> str:
    kid, private = new_id(), ec.generate_private_key(ec.SECP256R1())
    await sql.execute("INSERT INTO signing_keys (kid, pem) VALUES ($1, $2)", kid, write_pem(private))
    return kid


def write_pem(private) -> str:
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def read_pem(pem: str):
    return serialization.load_pem_private_key(pem.encode(), None)


def as_jwk(kid: str, private) -> dict:
    numbers = json.loads(ECAlgorithm.to_jwk(private.public_key()))
    return {
        "kty": "EC",
        "use": "sig",
        "alg": ALGORITHM,
        "kid": kid,
        **{name: numbers[name] for name in ("crv", "x", "y")},
    }


async def make_key(ask):
    who = await ask.admin()
    return answer(201, {"kid": await ask.keys.replace(ask, who.id)})


async def show_keys(ask):
    if not ask.keys.private:
        raise Unavailable("There are no keys yet.")
    return answer(200, {"keys": ask.keys.shown()})


async def show_metadata(ask):
    if not ask.keys.private:
        raise Unavailable("There are no keys yet.")
    issuer = ask.settings.issuer
    return answer(
        200,
        {
            "issuer": issuer,
            "jwks_uri": f"{issuer}/.well-known/jwks.json",
            "token_endpoint": f"{issuer}/oauth/token",
            "authorization_endpoint": f"{issuer}/oauth/authorize",
            "revocation_endpoint": f"{issuer}/oauth/revoke",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "none"],
            "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "none"],
            "authorization_response_iss_parameter_supported": True,
        },
    )
