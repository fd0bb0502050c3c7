"""Signing keys of the judge's issuer: one of each algorithm that the contract takes, and what a key set says of them (RFC 7517, RFC 8037)."""

from __future__ import annotations

import base64
import functools
from typing import Any, Literal, TypeAlias

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

__all__ = ["ALGORITHMS", "Algorithm", "Key", "make_key"]

Algorithm: TypeAlias = Literal["ES256", "RS256", "EdDSA"]
ALGORITHMS: tuple[Algorithm, ...] = ("ES256", "RS256", "EdDSA")

_RSA_BITS = 2048


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A key pair under its name in the key set."""

    kid: str
    algorithm: Algorithm
    private: Any
    public: Any

    def jwk(self) -> dict[str, Any]:
        """The public half, as the key set shows it."""
        kinds: dict[str, Any] = {"ES256": ECAlgorithm, "RS256": RSAAlgorithm, "EdDSA": OKPAlgorithm}
        shown = kinds[self.algorithm].to_jwk(self.public, as_dict=True)
        shown.pop("key_ops", None)
        return {**shown, "kid": self.kid, "use": "sig", "alg": self.algorithm}

    def public_pem(self) -> bytes:
        """The public half as PEM: what an attacker has who signs with it as if it were a secret."""
        pem: bytes = self.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return pem


def make_key(kid: str, algorithm: Algorithm, number: int) -> Key:
    """A key of this algorithm; keys with different numbers are different."""
    private = _private(algorithm, number)
    return Key(kid=kid, algorithm=algorithm, private=private, public=private.public_key())


@functools.cache
def _private(algorithm: Algorithm, _number: int) -> Any:
    """Made once in a run: an RSA key takes longer to make than a program takes to start."""
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)


def b64(data: bytes) -> str:
    """Bytes as a JWS writes them: base64url without padding (RFC 7515, 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
