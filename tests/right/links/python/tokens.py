"""Who asks: an access token (RFC 9068) is checked here, without asking anyone."""

from typing import NamedTuple

import jwt
from problem import Problem

ALGORITHMS = {"RSA": "RS256", "EC": "ES256", "OKP": "EdDSA"}
TYPES = {"at+jwt", "application/at+jwt"}


class Caller(NamedTuple):
    sub: str
    admin: bool


async def caller_of(authorization: str | None, keys, issuer: str) -> Caller:
    """Raises a Problem with 401 without a good token."""
    scheme, _, token = (authorization or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Problem(401, "a token is needed", headers={"WWW-Authenticate": "Bearer"})
    try:
        return await checked(token.strip(), keys, issuer)
    except (jwt.PyJWTError, ValueError) as error:
        refusal = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        raise Problem(401, "this token is not good", headers=refusal) from error


async def checked(token: str, keys, issuer: str) -> Caller:
    head = jwt.get_unverified_header(token)
    if str(head.get("typ")).lower() not in TYPES:
        raise ValueError("another type of token")
    key = await keys.key(str(head.get("kid")))
    if key is None:
        raise ValueError("an unknown key")
    claims = jwt.decode(
        token,
        key.key,
        algorithms=[ALGORITHMS.get(key.key_type, "none")],
        audience=issuer,
        issuer=issuer,
        leeway=0,
        options={"require": ["exp", "iss", "aud", "sub"], "verify_iat": False},
    )
    sub, roles = claims["sub"], claims.get("roles")
    if not sub or "\0" in sub:
        raise ValueError("no subject")
    return Caller(sub, admin=isinstance(roles, list) and "admin" in roles)
