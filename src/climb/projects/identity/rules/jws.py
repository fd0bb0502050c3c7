"""Signed tokens as bytes (RFC 7515): taken apart, and put together again, also in ways that nobody should accept."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec

__all__ = ["Parts", "b64", "joined", "parts", "unb64"]


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """The header, the claims, the signature, and what was signed."""

    header: dict[str, Any]
    claims: dict[str, Any]
    signature: bytes
    signed: bytes


def b64(data: bytes) -> str:
    """base64url without padding (RFC 7515, 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """The bytes of base64url without padding. Raises ValueError for anything else."""
    if "=" in text:
        raise ValueError("base64url here has no padding (RFC 7515, 2)")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(f"{text[:40]!r} is no base64url: {error}") from None


def parts(token: str) -> Parts:
    """A token in its parts. Raises ValueError, in words, if it has another form."""
    pieces = token.split(".")
    if len(pieces) != 3:
        raise ValueError(f"{len(pieces)} parts between dots, and a signed token has three")
    header, claims, signature = map(unb64, pieces)
    return Parts(
        header=_object(header, "header"),
        claims=_object(claims, "payload"),
        signature=signature,
        signed=f"{pieces[0]}.{pieces[1]}".encode(),
    )


def joined(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> str:
    """A token of these parts, whatever they are."""
    return f"{signing_input(header, claims)}.{b64(signature)}"


def signing_input(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """What a signature of these is made of."""
    return f"{b64(msgspec.json.encode(header))}.{b64(msgspec.json.encode(claims))}"


def _object(data: bytes, what: str) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"the {what} is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise ValueError(f"the {what} is no JSON object")  # noqa: TRY004 - the text is wrong, no caller
    return found
