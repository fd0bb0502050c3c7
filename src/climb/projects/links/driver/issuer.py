"""The judge's own issuer: a key set over HTTP, and access tokens as RFC 9068 has them, good ones and others."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import TYPE_CHECKING, Any, Literal

import jwt
import msgspec

from climb.judge.world.web import Asked, Reply, web
from climb.projects.links.driver.keys import ALGORITHMS, Algorithm, Key, b64, make_key

if TYPE_CHECKING:
    from climb.judge.world import Server, World

__all__ = ["Issuer"]

_LIFE_S = 3600
_PATH = "/.well-known/jwks.json"
_LEFT_OUT: Any = object()


class Issuer:
    """An HTTP server on loopback with a key set. Made by ``Issuer.open``; it ends with the check.

    ``fetches`` are the moments at which the key set was asked for, in seconds since the check began.
    """

    LEFT_OUT = _LEFT_OUT  # as the value of a claim or a field of the header: leave it out

    def __init__(self, world: World, path: str) -> None:
        self.keys: list[Key] = []
        self.fetches: list[float] = []
        self.well_since = 0.0  # in seconds since the check began
        self._world = world
        self._path = path
        self._mood: Literal["well", "silent"] | int = "well"
        self._made = 0
        self._server: Server

    @classmethod
    async def open(cls, world: World, *, path: str = _PATH, algorithm: Algorithm | None = None) -> Issuer:
        """An issuer with one key; of which kind is drawn unless it is given."""
        issuer = cls(world, path)
        issuer._server = await world.listener(web(issuer._answer))
        issuer.new_key(algorithm or world.draw.choice(ALGORITHMS))
        return issuer

    @property
    def url(self) -> str:
        """The issuer's name, which is also where its key set is looked for."""
        return f"http://{self._server.address}:{self._server.port}"

    @property
    def jwks_url(self) -> str:
        """Where the key set is."""
        return f"{self.url}{self._path}"

    # --- keys ---

    def new_key(self, algorithm: Algorithm | None = None) -> Key:
        """One more key in the set; later tokens are signed with it."""
        self._made += 1
        chosen = self._world.draw.choice(ALGORITHMS) if algorithm is None else algorithm
        key = make_key(f"key-{self._world.draw.word()}-{self._made}", chosen, self._made)
        self.keys.append(key)
        return key

    def withdraw(self, kid: str) -> None:
        """Take this key out of the set."""
        self.keys = [key for key in self.keys if key.kid != kid]

    def key_set(self) -> bytes:
        """The document that is served."""
        return msgspec.json.encode({"keys": [key.jwk() for key in self.keys]})

    # --- its behaviour ---

    def silent(self) -> None:
        """From now on it takes requests and does not answer."""
        self._mood = "silent"

    def refuses(self, status: int = 503) -> None:
        """From now on it answers with this status."""
        self._mood = status

    def well(self) -> None:
        """It answers again."""
        self._mood = "well"
        self.well_since = self._world.now()

    # --- tokens ---

    def token(
        self,
        sub: str,
        /,
        roles: object = (),
        *,
        key: Key | None = None,
        header: dict[str, Any] | None = None,
        life_s: float = _LIFE_S,
        **changes: Any,
    ) -> str:
        """A token that is good, but for what is changed: claims by name, fields of the header in ``header``."""
        signing = key or self.keys[-1]
        return self.signed(self._claims(sub, roles, life_s, changes), self._header(signing, header), signing)

    def signed(self, claims: dict[str, Any], header: dict[str, Any], key: Key) -> str:
        """These claims and this header under a signature by ``key``, whatever they say."""
        signing_input = f"{b64(msgspec.json.encode(header))}.{b64(msgspec.json.encode(claims))}"
        algorithm = jwt.get_algorithm_by_name(key.algorithm)
        return f"{signing_input}.{b64(algorithm.sign(signing_input.encode(), key.private))}"

    def unsigned(self, sub: str, roles: object = ()) -> str:
        """A token with ``alg`` none and no signature (RFC 7515, appendix A.5)."""
        header = self._header(self.keys[-1], {"alg": "none"})
        claims = self._claims(sub, roles, _LIFE_S, {})
        return f"{b64(msgspec.json.encode(header))}.{b64(msgspec.json.encode(claims))}."

    def signed_with_public_half(self, sub: str, roles: object = ()) -> str:
        """A token whose header says HS256, with the public key as the secret (RFC 8725, 2.1)."""
        key = self.keys[-1]
        header = self._header(key, {"alg": "HS256"})
        signing_input = (
            f"{b64(msgspec.json.encode(header))}.{b64(msgspec.json.encode(self._claims(sub, roles, _LIFE_S, {})))}"
        )
        mac = hmac.new(key.public_pem(), signing_input.encode(), hashlib.sha256).digest()
        return f"{signing_input}.{b64(mac)}"

    def stranger(self, kid: str, algorithm: Algorithm = "ES256") -> Key:
        """A key that is in no set, under any name."""
        self._made += 1
        return make_key(kid, algorithm, self._made)

    # --- inside ---

    def _claims(self, sub: str, roles: object, life_s: float, changes: dict[str, Any]) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": self.url,
            "sub": sub,
            "client_id": "climb",
            "iat": now,
            "exp": int(now + life_s),
            "jti": self._world.draw.word(12, 12),
            "roles": list(roles) if isinstance(roles, tuple) else roles,
        } | changes
        return {name: value for name, value in claims.items() if value is not _LEFT_OUT}

    def _header(self, key: Key, changes: dict[str, Any] | None) -> dict[str, Any]:
        header = {"alg": key.algorithm, "typ": "at+jwt", "kid": key.kid} | (changes or {})
        return {name: value for name, value in header.items() if value is not _LEFT_OUT}

    async def _answer(self, asked: Asked) -> Reply | None:
        if asked.target != self._path:
            return Reply(404, b"{}")
        self.fetches.append(self._world.now())
        if self._mood == "silent":
            return None
        return Reply(200, self.key_set()) if self._mood == "well" else Reply(self._mood, b"{}")
