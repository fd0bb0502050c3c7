"""Tokens are made of what was granted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import msgspec

from climb.stack.tokens.claims import FIRST_PARTY, Claims
from climb.systems.identity.keyring import KeyRing
from climb.systems.identity.random_texts import new_id
from climb.systems.identity.settings import Settings
from climb.systems.identity.storage.queries import Granted

__all__ = ["ClientTokens", "Issuing", "SessionTokens"]


class SessionTokens(msgspec.Struct, frozen=True):
    """What a login or a refresh answers."""

    access_token: str
    token_type: str
    expires_in: int
    refresh_token: str
    refresh_expires_in: int


class ClientTokens(msgspec.Struct, frozen=True, omit_defaults=True):
    """What another program gets."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str
    refresh_token: str | None = None


class Issuing:
    """Makes the tokens of one issuer."""

    def __init__(self, keys: KeyRing, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._keys, self._settings, self._clock = keys, settings, clock

    def for_session(self, granted: Granted, refresh: str) -> SessionTokens:
        """The tokens of somebody who has logged in."""
        access = self._access(granted.user_id, FIRST_PARTY, "", granted.roles, granted.family_id)
        return SessionTokens(access, "Bearer", self._settings.access_s, refresh, self._settings.refresh_s)

    def for_client(self, client_id: str, granted: Granted, scopes: Sequence[str], refresh: str | None) -> ClientTokens:
        """The tokens of a program that asks in somebody's name."""
        scope = " ".join(scopes)
        access = self._access(granted.user_id, client_id, scope, granted.roles, granted.family_id)
        return ClientTokens(access, "Bearer", self._settings.access_s, scope, refresh)

    def for_itself(self, client_id: str, scopes: Sequence[str]) -> ClientTokens:
        """The token of a program that asks in its own name."""
        scope = " ".join(scopes)
        return ClientTokens(self._access(client_id, client_id, scope, [], ""), "Bearer", self._settings.access_s, scope)

    def _access(self, subject: str, client_id: str, scope: str, roles: list[str], family_id: str) -> str:
        now_s = int(self._clock())
        issuer = self._settings.known_as
        claims = Claims(
            iss=issuer,
            sub=subject,
            aud=issuer,
            iat=now_s,
            exp=now_s + self._settings.access_s,
            jti=new_id(),
            client_id=client_id,
            scope=scope,
            roles=roles,
            sid=family_id or msgspec.UNSET,
        )
        return self._keys.sign(claims)
