"""In whose name a request comes: its access token, and what that allows here."""

from __future__ import annotations

from starlette.requests import Request

from climb.stack.database.connection import Connection
from climb.stack.http.problems import Problem
from climb.stack.tokens.claims import FIRST_PARTY, Claims
from climb.systems.identity.keyring import KeyRing
from climb.systems.identity.storage import queries

__all__ = ["NOT_LOGGED_IN", "Bearer", "demand_there", "family_of", "not_good"]

NOT_LOGGED_IN = {"WWW-Authenticate": "Bearer"}


class Bearer:
    """Reads the tokens of requests."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    async def claims(self, request: Request) -> Claims:
        """What a good token says, whoever's it is; else 401."""
        given = request.headers.getlist("authorization")
        scheme, _, token = given[0].partition(" ") if given else ("", "", "")
        if scheme.lower() != "bearer" or not token.strip():
            raise Problem(401, "an access token is needed", headers=NOT_LOGGED_IN)
        claims = await self._keys.verified(token.strip()) if len(given) == 1 else None
        if claims is None:
            raise not_good()
        return claims

    async def person(self, request: Request) -> Claims:
        """Of somebody who is logged in; 403 for another program."""
        claims = await self.claims(request)
        if claims.client_id != FIRST_PARTY:
            raise Problem(403, "another program may not do this")
        return claims

    async def admin(self, request: Request, connection: Connection) -> Claims:
        """Of somebody with the role admin, as the token has it, whose account is there."""
        claims = await self.person(request)
        await demand_there(connection, claims)
        if "admin" not in claims.roles:
            raise Problem(403, "this is for the role admin")
        return claims


def family_of(claims: Claims) -> str:
    """The family that the token grew out of."""
    return claims.sid or ""  # ours always say it


async def demand_there(connection: Connection, claims: Claims) -> None:
    """401 if the account was deleted."""
    if not await queries.is_there(connection, id=claims.sub):
        raise not_good()


def not_good() -> Problem:
    """The token is not good, and no word about why (RFC 6750, 3.1)."""
    return Problem(401, "the access token is not good", headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
