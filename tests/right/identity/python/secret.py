"""Secrets that are given out, and what is kept of them."""

import hashlib
import secrets
import uuid

RANDOM_BYTES = 32


def new_secret() -> str:
    return secrets.token_urlsafe(RANDOM_BYTES)


def kept(secret: str) -> bytes:
    """What is in the database of it: enough to know it again."""
    return hashlib.sha256(secret.encode()).digest()


def new_id() -> str:
    return uuid.uuid4().hex
