"""What a token says, read as any other service reads it: with the public keys, and nothing else of this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.judge.expect import fail
from climb.projects.identity.rules.tokens import Claims, WrongToken, checked

if TYPE_CHECKING:
    from climb.projects.identity.driver import Running

__all__ = ["claims_of"]


async def claims_of(running: Running, token: str, what: str = "the access token") -> Claims:
    """The claims of a token that is good, by the keys that the service shows now; fails the check for any other."""
    keys = (await running.ask("GET", "/.well-known/jwks.json")).json()
    try:
        return checked(token, keys, running.issuer)
    except WrongToken as wrong:
        fail(what, expected=wrong.expected, received=wrong.received, why=wrong.why)
