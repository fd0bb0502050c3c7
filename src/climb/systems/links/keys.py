"""The issuer's keys: fetched when a token names one that is not known, kept while the issuer is away, and never asked for too often."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import monotonic

from climb.stack.away import Away
from climb.stack.http.asking import ask
from climb.stack.tokens.claims import Claims
from climb.stack.tokens.keys import KeySet, KeySetError
from climb.stack.tokens.verifying import UnknownKey, Verifier

__all__ = ["Fetch", "Keys", "fetched_from"]

Fetch = Callable[[], Awaitable[KeySet]]
"""Brings the keys that the issuer shows now; Away if it does not."""

_AGAIN_S = 10.0
_AFTER_FAILURE_S = 1.0
_WITHIN_S = 0.8
_MOST_BYTES = 256 * 1024

_log = logging.getLogger(__name__)


class Keys:
    """Verifies tokens with the keys of their issuer."""

    def __init__(self, issuer: str, fetch: Fetch, *, clock: Callable[[], float] = monotonic) -> None:
        self._verifier = Verifier(issuer)
        self._fetch = fetch
        self._clock = clock
        self._keys: KeySet | None = None
        self._fetching: asyncio.Task[None] | None = None
        self._not_before = 0.0

    async def verified(self, token: str) -> Claims:
        """What a good token says; :class:`Refused` for another one, Away as long as there never were any keys."""
        if self._keys is not None:
            try:
                return self._verifier.verified(token, self._keys)
            except UnknownKey:
                if not self._may_fetch():
                    raise
        if self._may_fetch():
            await self._fetched()
        if self._keys is None:
            raise Away("issuer")
        return self._verifier.verified(token, self._keys)

    def _may_fetch(self) -> bool:
        return self._fetching is not None or self._clock() >= self._not_before

    async def _fetched(self) -> None:
        """Have the keys fetched; all who need them wait for the same."""
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch_once())
        await asyncio.shield(self._fetching)

    async def _fetch_once(self) -> None:
        self._not_before = self._clock() + _AGAIN_S
        try:
            self._keys = await self._fetch()
        except Away as error:
            self._not_before = self._clock() + _AFTER_FAILURE_S
            _log.warning("keys_not_fetched", extra={"why": error.why})
        finally:
            self._fetching = None


def fetched_from(url: str) -> Fetch:
    """The keys that stand at an address as a JWKS document (RFC 7517)."""

    async def fetch() -> KeySet:
        answer = await ask(
            "GET",
            url,
            fields={"Accept": "application/json"},
            within_s=_WITHIN_S,
            most_bytes=_MOST_BYTES,
            part="issuer",
        )
        if answer.status != 200:
            raise Away("issuer", f"answered {answer.status}")
        try:
            return KeySet.read(answer.body)
        except KeySetError as error:
            raise Away("issuer", str(error)) from error

    return fetch
