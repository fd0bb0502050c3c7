"""Whether a token is good: made by its issuer, for us, and for now. It needs the issuer's keys and nothing else.

The rules are those of RFC 8725 and RFC 9068, 4. What a token says of itself only chooses among the keys that we have: its algorithm
must be the key's, and a key or an address that it brings along is never looked at.
"""

from __future__ import annotations

import base64
import binascii
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import jwt
import msgspec
from jwt.api_jws import PyJWS

from climb.stack.tokens.claims import Claims
from climb.stack.tokens.keys import KeySet, PublicKey
from climb.stack.tokens.signing import TYPE

__all__ = ["Refused", "UnknownKey", "Verifier", "verified"]

_PARTS = re.compile(r"([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)")
_LONGEST = 16 * 1024
_TYPES = frozenset({TYPE, f"application/{TYPE}"})
_REMEMBERED = 4096

_jws = PyJWS()


class Refused(Exception):
    """The token is not good, for a reason that only the log may know."""


class UnknownKey(Refused):
    """The token may be good: it names a key that we don't have, and that its issuer may have made since we asked for its keys."""

    def __init__(self, kid: str) -> None:
        super().__init__("an unknown key")
        self.kid = kid


class _Header(msgspec.Struct, frozen=True):
    alg: str
    kid: str
    typ: str
    crit: Any = None


def verified(
    token: str, keys: KeySet, *, issuer: str, audience: str | None = None, now_s: float, ahead_s: float = 0
) -> Claims:
    """What a good token says; else :class:`Refused`. The ``audience`` is the issuer, unless it is said.

    ``ahead_s`` is how far the issuer's clock may be ahead of ours; that a token has run out bears no doubt.
    """
    header, signature = _parts(token)
    key = keys.find(header.kid)
    if key is None:
        raise UnknownKey(header.kid)
    claims = _claims(token, header, signature, key)
    if claims.iss != issuer:
        raise Refused("of another issuer")
    if not claims.is_meant_for(issuer if audience is None else audience):
        raise Refused("for another audience")
    _demand_time(claims, now_s, ahead_s)
    return claims


class Verifier:
    """Checks tokens of one issuer, and remembers those that were good: a client sends the same one again and again."""

    def __init__(
        self,
        issuer: str,
        *,
        audience: str | None = None,
        clock: Callable[[], float] = time.time,
        ahead_s: float = 0,
    ) -> None:
        self._issuer, self._audience = issuer, audience
        self._clock, self._ahead_s = clock, ahead_s
        self._known: OrderedDict[str, tuple[PublicKey, Claims]] = OrderedDict()

    def verified(self, token: str, keys: KeySet) -> Claims:
        """What a good token says; else :class:`Refused`."""
        now_s = self._clock()
        if known := self._known.get(token):
            key, claims = known
            if keys.find(key.kid) is key:  # else it was taken out of the set, or is another
                _demand_time(claims, now_s, self._ahead_s)
                return claims
        claims = verified(token, keys, issuer=self._issuer, audience=self._audience, now_s=now_s, ahead_s=self._ahead_s)
        self._remember(token, keys, claims)
        return claims

    def _remember(self, token: str, keys: KeySet, claims: Claims) -> None:
        header, _ = _parts(token)
        key = keys.find(header.kid)
        assert key is not None  # it was just used
        self._known[token] = (key, claims)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)


def _parts(token: str) -> tuple[_Header, str]:
    if len(token) > _LONGEST or not (found := _PARTS.fullmatch(token)):
        raise Refused("no JWT in its compact form")
    try:
        header = msgspec.json.decode(_decoded(found[1]), type=_Header)
    except (msgspec.DecodeError, binascii.Error, ValueError):
        raise Refused("its header can't be read") from None
    if header.typ.lower() not in _TYPES:
        raise Refused("another kind of JWT")
    if header.crit is not None:
        raise Refused("it demands what we don't know")  # RFC 7515, 4.1.11
    return header, found[2]


def _claims(token: str, header: _Header, signature: str, key: PublicKey) -> Claims:
    if header.alg != key.algorithm:
        raise Refused("another algorithm than its key's")
    try:
        if base64.urlsafe_b64encode(_decoded(signature)).rstrip(b"=").decode() != signature:
            raise Refused("its signature has more than one spelling")  # bits that mean nothing are not all zero
        payload = _jws.decode_complete(token, key.key, algorithms=[key.algorithm])["payload"]
        return msgspec.json.decode(payload, type=Claims)
    except jwt.PyJWTError:
        raise Refused("its signature is not right") from None
    except (msgspec.DecodeError, binascii.Error, ValueError):
        raise Refused("its claims can't be read") from None


def _demand_time(claims: Claims, now_s: float, ahead_s: float) -> None:
    if now_s >= claims.exp:
        raise Refused("it has run out")
    begins_s = 0 if claims.nbf is msgspec.UNSET else claims.nbf
    if max(claims.iat, begins_s) > now_s + ahead_s:
        raise Refused("it begins later")


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
