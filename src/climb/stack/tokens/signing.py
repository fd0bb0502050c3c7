"""Claims become a token."""

from __future__ import annotations

import msgspec
from jwt.api_jws import PyJWS

from climb.stack.tokens.claims import Claims
from climb.stack.tokens.keys import SigningKey

__all__ = ["TYPE", "signed"]

TYPE = "at+jwt"  # RFC 9068, 2.1: so that no other kind of JWT is taken for an access token

_jws = PyJWS()


def signed(claims: Claims, key: SigningKey) -> str:
    """The token that says so."""
    return _jws.encode(
        msgspec.json.encode(claims), key.key, algorithm=key.algorithm, headers={"kid": key.kid, "typ": TYPE}
    )
