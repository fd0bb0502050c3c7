"""Whose request it is: the token that it bears (RFC 6750)."""

from __future__ import annotations

from starlette.requests import Request

from climb.stack.http.problems import Problem
from climb.stack.tokens.claims import Claims
from climb.stack.tokens.verifying import Refused
from climb.systems.links.keys import Keys

__all__ = ["ADMIN", "bearer"]

ADMIN = "admin"
"""The role whose bearers may read, change and delete every link."""


async def bearer(request: Request, keys: Keys) -> Claims:
    """What the token of a request says; 401 without a good one. Nobody is asked, but for keys that are not known."""
    given = request.headers.getlist("authorization")
    if not given:
        raise _unauthorized("a token is needed", "Bearer")
    scheme, _, token = given[0].partition(" ")
    if len(given) > 1 or scheme.lower() != "bearer":
        raise _unauthorized("a token is needed", "Bearer")
    try:
        claims = await keys.verified(token.strip(" "))
    except Refused:
        raise _unauthorized("the token is not good", 'Bearer error="invalid_token"') from None
    if "\0" in claims.sub or not claims.sub:
        raise _unauthorized("the token names nobody", 'Bearer error="invalid_token"')
    return claims


def _unauthorized(detail: str, challenge: str) -> Problem:
    return Problem(401, detail, headers={"WWW-Authenticate": challenge})
