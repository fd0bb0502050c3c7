"""Public keys, as an issuer shows them (RFC 7517), and private ones, as it keeps them.

Only signatures that need a private key are known here. A key is good for one algorithm, whatever a token says of itself: that a public
key could be taken for the secret of an HMAC is how tokens were forged (RFC 8725, 2.1 and 3.1).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

__all__ = ["KeySet", "KeySetError", "PublicKey", "SigningKey"]

_KINDS: dict[tuple[str, str], tuple[str, Any]] = {
    ("RSA", ""): ("RS256", RSAAlgorithm),
    ("EC", "P-256"): ("ES256", ECAlgorithm),
    ("OKP", "Ed25519"): ("EdDSA", OKPAlgorithm),
}
_LEAST_RSA_BITS = 2048  # RFC 7518, 3.3
_MOST_RSA_BITS = 8192  # a check takes time that grows with the size


class KeySetError(Exception):
    """A document is no set of keys."""


@dataclass(frozen=True)
class PublicKey:
    """A key that signatures are checked with, and the one algorithm that it is for."""

    kid: str
    algorithm: str
    key: Any


@dataclass(frozen=True)
class KeySet:
    """The keys of an issuer by their ``kid``."""

    keys: Mapping[str, PublicKey] = field(default_factory=dict)

    @classmethod
    def read(cls, document: bytes) -> KeySet:
        """The set that a JWKS document is; keys of other kinds, for other uses or without a ``kid`` are passed over (RFC 7517, 5)."""
        try:
            found = msgspec.json.decode(document)
            keys = found["keys"]
            if not isinstance(keys, list):
                raise KeySetError("`keys` is no list")
        except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError, RecursionError) as error:
            raise KeySetError("it is no JSON object with `keys`") from error
        return cls({key.kid: key for key in _known(keys)})

    def find(self, kid: str) -> PublicKey | None:
        """The key of that name."""
        return self.keys.get(kid)


def _known(keys: list[Any]) -> Iterator[PublicKey]:
    for key in keys:
        if isinstance(key, dict) and (known := _public_key(key)):
            yield known


def _public_key(jwk: dict[str, Any]) -> PublicKey | None:
    kind = (str(jwk.get("kty")), str(jwk.get("crv", "")))
    kid = jwk.get("kid")
    if kind not in _KINDS or not isinstance(kid, str) or "d" in jwk or jwk.get("use", "sig") != "sig":
        return None
    name, algorithm = _KINDS[kind]
    if jwk.get("alg", name) != name:
        return None
    try:
        key = algorithm.from_jwk(jwk)
    except (jwt.InvalidKeyError, ValueError, TypeError, KeyError):
        return None
    bits = getattr(key, "key_size", None)
    if name == "RS256" and not _LEAST_RSA_BITS <= int(bits or 0) <= _MOST_RSA_BITS:
        return None
    return PublicKey(kid, name, key)


@dataclass(frozen=True)
class SigningKey:
    """A private key for ES256, its public half, and the name of both."""

    kid: str
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    algorithm = "ES256"

    @classmethod
    def new(cls, kid: str) -> SigningKey:
        """A key that nobody has had before."""
        return cls(kid, ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def read(cls, kid: str, der: bytes) -> SigningKey:
        """The key that :meth:`der` wrote."""
        key = serialization.load_der_private_key(der, password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)  # as it was made
        return cls(kid, key)

    def der(self) -> bytes:
        """The private key, to be kept (PKCS #8)."""
        return self.key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @property
    def public(self) -> PublicKey:
        """What signatures of this key are checked with."""
        return PublicKey(self.kid, self.algorithm, self.key.public_key())

    def jwk(self) -> dict[str, str]:
        """The public half as an issuer shows it."""
        shown: dict[str, str] = json.loads(ECAlgorithm.to_jwk(self.key.public_key()))
        return {**shown, "kid": self.kid, "use": "sig", "alg": self.algorithm}
