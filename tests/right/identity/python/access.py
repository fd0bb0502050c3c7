"""Access tokens: made for others to check, and checked here in the same way."""

import time
from dataclasses import dataclass

import jwt

from keys import ALGORITHM
from problem import Problem
from secret import new_id

FIRST_PARTY = "first-party"
TYPES = {"at+jwt", "application/at+jwt"}
CLAIMS = ["iss", "sub", "aud", "iat", "exp", "jti", "client_id", "roles"]


@dataclass(frozen=True)
class Who:
    """Whom an access token speaks for."""

    id: str
    client_id: str
    roles: tuple[str, ...]
    family_id: str | None


def new_access_token(app, sub: str, roles, *, client_id: str = FIRST_PARTY, scope: str = "", family_id=None) -> str:
    now = int(time.time())
    claims = {
        "iss": app.settings.issuer,
        "sub": sub,
        "aud": app.settings.issuer,
        "iat": now,
        "exp": now + app.settings.access_s,
        "jti": new_id(),
        "client_id": client_id,
        "scope": scope,
        "roles": list(roles),
    }
    if family_id is not None:
        claims["sid"] = family_id
    return app.keys.sign(claims)


class NoGoodToken(Problem):
    def __init__(self, detail: str, given: bool):
        challenge = 'Bearer error="invalid_token"' if given else "Bearer"
        super().__init__(401, detail, headers={"WWW-Authenticate": challenge})


def read_bearer(request) -> str:
    given = request.headers.getlist("authorization")
    if not given:
        raise NoGoodToken("There is no access token.", given=False)
    scheme, _, token = given[0].partition(" ")
    if scheme.lower() != "bearer":
        raise NoGoodToken("There is no access token.", given=False)
    if len(given) > 1:
        raise NoGoodToken("There is more than one access token.", given=True)
    return token.strip(" ")


async def read_token(app, token: str) -> Who:
    """Whom a token speaks for, if it is good."""
    try:
        header = jwt.get_unverified_header(token)
        if str(header.get("typ")).lower() not in TYPES or header.get("alg") != ALGORITHM or "crit" in header:
            raise NoGoodToken("This is no access token.", given=True)
        key = await app.keys.public(str(header.get("kid")))
        if key is None:
            raise NoGoodToken("No key of this name signs here.", given=True)
        claims = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            issuer=app.settings.issuer,
            audience=app.settings.issuer,
            options={"require": CLAIMS},
        )
    except jwt.InvalidTokenError as error:
        raise NoGoodToken(f"The access token is not good: {error}.", given=True) from None
    return Who(claims["sub"], claims["client_id"], tuple(claims["roles"]), claims.get("sid"))
