"""Proof keys for code exchange (RFC 7636): who began an authorization shows, with the code, that it was the one who did."""

from __future__ import annotations

import base64
import hashlib
import random

__all__ = ["challenge", "verifier"]

_UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"


def verifier(source: random.Random, length: int = 43) -> str:
    """A code verifier of so many characters, 43 to 128 (RFC 7636, 4.1)."""
    return "".join(source.choice(_UNRESERVED) for _ in range(length))


def challenge(verifier: str) -> str:
    """What is shown of a verifier beforehand, with the method S256 (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode()
