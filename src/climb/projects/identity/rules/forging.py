"""Tokens that nobody may accept: the known ways to make one without the private key, each with the reason why it would be a catastrophe.

Whoever forges knows what anyone knows: the public keys, the claims, and a token of their own.
"""

from __future__ import annotations

import hashlib
import hmac
import random
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from climb.projects.identity.rules.jws import b64, joined, parts, signing_input

__all__ = ["Forged", "Forger", "forgeries"]

_OF_A_KEY = {"kty", "crv", "x", "y", "n", "e"}
_NONE = ("none", "None", "NONE", "nOnE")


class Forged(msgspec.Struct, frozen=True, kw_only=True):
    """One forged token: what was done, and what it would mean if it were accepted."""

    name: str
    token: str
    why: str


class Forger:
    """Somebody with a key pair of their own, for the algorithm that the service uses."""

    def __init__(self, alg: str) -> None:
        self.alg = alg
        self._key = _NEW_KEYS[alg]()
        self._algorithm: Any = jwt.algorithms.get_default_algorithms()[alg]

    @property
    def jwk(self) -> dict[str, Any]:
        """The public key."""
        public: dict[str, Any] = self._algorithm.to_jwk(self._key.public_key(), as_dict=True)
        kept = {name: value for name, value in public.items() if name in _OF_A_KEY}
        return {**kept, "use": "sig", "alg": self.alg}

    def signed(self, header: dict[str, Any], claims: dict[str, Any]) -> str:
        """A token that this key has signed."""
        return joined(header, claims, self._algorithm.sign(signing_input(header, claims).encode(), self._key))


_NEW_KEYS: dict[str, Callable[[], Any]] = {
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
}


def forgeries(token: str, jwks: Any, wanted: dict[str, Any], rng: random.Random, *, set_url: str = "") -> list[Forged]:
    """Forgeries of this good token with the claims ``wanted`` in it; ``set_url`` is where a set of the forger's own keys can be fetched.

    Raises ValueError or PyJWTError if the token is no JWT, or if the set has no key that can be read.
    """
    given = parts(token)
    key = _key_of(given.header, jwks)
    claims = {**given.claims, **wanted}
    forger = Forger(key["alg"])
    return [
        *_unsigned(given.header, claims),
        *_with_the_public_key(given.header, claims, key),
        *_with_a_key_of_their_own(forger, given.header, claims, set_url),
        *_with_an_old_signature(token, claims, rng),
    ]


def _key_of(header: dict[str, Any], jwks: Any) -> dict[str, Any]:
    """The key that has signed, as the set has it; what else is wrong with the set is not asked here. Raises ValueError without one."""
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    found = [each for each in keys if isinstance(each, dict)] if isinstance(keys, list) else []
    for key in sorted(found, key=lambda each: each.get("kid") != header.get("kid")):
        if key.get("alg") in _NEW_KEYS:
            jwt.PyJWK(key)
            return key
    raise ValueError("no key with one of the three algorithms")


def _unsigned(header: dict[str, Any], claims: dict[str, Any]) -> Iterator[Forged]:
    for alg in _NONE:
        yield Forged(
            name=f"alg {alg!r} and no signature",
            token=joined({**header, "alg": alg}, claims),
            why="Whoever lets the token say how it is to be checked lets it say: not at all (RFC 8725, 2.1 and 3.2).",
        )
    yield Forged(
        name="the right alg and an empty signature",
        token=joined(header, claims),
        why="A signature that is missing is none (RFC 7515, 5.2).",
    )
    yield Forged(
        name="the right alg and a signature of zeros",
        token=joined(header, claims, bytes(64)),
        why="Libraries have taken zeros for a signature of ECDSA by any key (CVE-2022-21449).",
    )


def _with_the_public_key(header: dict[str, Any], claims: dict[str, Any], key: dict[str, Any]) -> Iterator[Forged]:
    public = jwt.PyJWK(key).key
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    secrets = {
        "the public key as PEM": pem,
        "the public key as PEM, without the last line end": pem.strip(),
        "the public key as DER": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "the key as the set has it": msgspec.json.encode(key),
        "an empty text": b"",
    }
    for what, secret in secrets.items():
        hs256 = {**header, "alg": "HS256"}
        signature = hmac.new(secret, signing_input(hs256, claims).encode(), hashlib.sha256).digest()
        yield Forged(
            name=f"alg 'HS256' with {what} as the secret",
            token=joined(hs256, claims, signature),
            why="The public key is known to all. If the token may choose HS256, it is a shared secret that is none (RFC 8725, 2.1 and 3.1).",
        )


def _with_a_key_of_their_own(
    forger: Forger, header: dict[str, Any], claims: dict[str, Any], set_url: str
) -> Iterator[Forged]:
    plain = {"typ": header.get("typ", "at+jwt"), "alg": forger.alg}
    ours = {**plain, "kid": header.get("kid", "")}
    theirs = {**forger.jwk, "kid": header.get("kid", "")}
    brought = (
        "A key that comes with the token proves nothing: everyone has one (RFC 7515, 4.1.2 and 4.1.3; RFC 8725, 3.10)."
    )
    yield Forged(
        name="signed with another key, and the kid of the service's",
        token=forger.signed(ours, claims),
        why="The key that kid names has not signed this (RFC 7515, 5.2).",
    )
    yield Forged(
        name="signed with another key, and a kid that the set does not have",
        token=forger.signed({**plain, "kid": "another"}, claims),
        why="Without a key of the set nothing can be checked, and what was not checked is not good.",
    )
    yield Forged(
        name="signed with another key, and no kid",
        token=forger.signed(plain, claims),
        why="None of the keys has signed this.",
    )
    yield Forged(
        name="signed with a key that the header brings along (jwk)",
        token=forger.signed({**ours, "jwk": theirs}, claims),
        why=brought,
    )
    if set_url:
        yield Forged(
            name="signed with a key of a set that the header names (jku)",
            token=forger.signed({**ours, "jku": set_url}, claims),
            why=brought,
        )


def _with_an_old_signature(token: str, claims: dict[str, Any], rng: random.Random) -> Iterator[Forged]:
    header, _, signature = token.split(".")
    changed = b64(msgspec.json.encode(claims))
    yield Forged(
        name="a good token with other claims in it",
        token=f"{header}.{changed}.{signature}",
        why="The signature is of the claims as they were. Who reads them before it is checked reads what anyone wrote.",
    )
    raw = bytearray(parts(token).signature)
    place = rng.randrange(len(raw))
    raw[place] ^= 1 << rng.randrange(8)
    yield Forged(
        name=f"a good token with one bit of its signature changed, in byte {place}",
        token=f"{token.rpartition('.')[0]}.{b64(bytes(raw))}",
        why="The signature is checked whole.",
    )
    yield Forged(
        name="a good token with half of its signature",
        token=f"{token.rpartition('.')[0]}.{b64(parts(token).signature[: len(raw) // 2])}",
        why="The signature is checked whole.",
    )
    yield Forged(
        name="a good token without its last part",
        token=token.rpartition(".")[0],
        why="A token without a signature was signed by nobody.",
    )
