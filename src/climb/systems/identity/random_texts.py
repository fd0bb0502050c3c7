"""Secrets that are given out, and what is kept of them.

They have 256 random bits, so a plain hash keeps them: nobody can try them all, as it can be done with passwords.
"""

from __future__ import annotations

import hashlib
import secrets

__all__ = ["digest", "new_id", "new_secret"]


def new_secret() -> str:
    """A text that nobody can guess, which needs no escaping anywhere."""
    return secrets.token_urlsafe(32)


def new_id() -> str:
    """A name that nothing else has."""
    return secrets.token_urlsafe(12)


def digest(secret: str) -> bytes:
    """What is kept of a secret: enough to know it again, and of no use to others."""
    return hashlib.sha256(secret.encode()).digest()
