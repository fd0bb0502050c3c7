"""What an access token says."""

from __future__ import annotations

import msgspec

__all__ = ["FIRST_PARTY", "Claims"]

FIRST_PARTY = "first-party"
"""The ``client_id`` of tokens that somebody got by logging in, and not by way of another program."""


class Claims(msgspec.Struct, frozen=True):
    """The claims of RFC 9068, 2.2, of which other issuers may leave out some. Times are seconds; ours are whole."""

    iss: str
    sub: str
    aud: str | list[str]
    exp: int | float
    iat: int | float = 0
    jti: str = ""
    client_id: str = ""
    scope: str = ""
    roles: list[str] = []
    sid: str | msgspec.UnsetType = msgspec.UNSET
    """the family that the token grew out of, if the issuer says so"""
    nbf: int | float | msgspec.UnsetType = msgspec.UNSET

    @property
    def scopes(self) -> frozenset[str]:
        """The scope's words."""
        return frozenset(self.scope.split())

    def is_meant_for(self, audience: str) -> bool:
        """Whether ``aud`` is the audience, or has it."""
        return audience == self.aud if isinstance(self.aud, str) else audience in self.aud
