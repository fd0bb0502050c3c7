"""The keys that sign, shared by all instances through their database.

The newest signs. An earlier one is shown until the last token that it signed has run out: that is when it was superseded, plus the
moment in which other instances did not know that yet, plus the life of a token. Each instance looks for news twice a second, and at once
when it meets a token whose key it does not know: another instance may have made that a moment ago.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from climb.stack.away import Away
from climb.stack.database.connection import Connection
from climb.stack.database.pool import Database
from climb.stack.tokens.claims import Claims
from climb.stack.tokens.keys import KeySet, SigningKey
from climb.stack.tokens.signing import signed
from climb.stack.tokens.verifying import Refused, UnknownKey, Verifier
from climb.systems.identity.asker import Asker
from climb.systems.identity.random_texts import new_id
from climb.systems.identity.storage import queries
from climb.systems.identity.storage.queries import LiveKey

__all__ = ["KeyRing", "shown_until_s"]

_log = logging.getLogger(__name__)

_LOOK_S = 0.5
_UNAWARE_S = 2.0  # how long another instance may have signed with a key after it was superseded
_BEYOND_S = 1.0
_CLOCKS_S = 5.0  # a token of the future is one of a machine whose clock is ahead


def shown_until_s(key: LiveKey) -> float | None:
    """When the last token that it signed has run out for sure; None for the key that signs."""
    if key.superseded_at_s is None:
        return None
    return key.superseded_at_s + _UNAWARE_S + key.access_s + _BEYOND_S


@dataclass(frozen=True)
class _Held:
    key: SigningKey
    until_s: float | None
    """by the clock that is never set; None for the key that signs"""


class KeyRing:
    """Signs tokens, checks them, and shows the keys that they are checked with."""

    def __init__(
        self, database: Database, issuer: str, access_s: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._issuer, self._access_s = issuer, access_s
        self._clock = clock
        self._held: tuple[_Held, ...] = ()
        self._set = KeySet()
        self._shown: list[dict[str, str]] = []
        self._verifier = Verifier(issuer, ahead_s=_CLOCKS_S)
        self._looking: asyncio.Task[None] | None = None

    @property
    def is_there(self) -> bool:
        """Whether there is a key to sign with."""
        return bool(self._held)

    def sign(self, claims: Claims) -> str:
        """A token that says so, signed with the newest key."""
        if not self._held:
            raise Away("database", "no keys yet")
        return signed(claims, self._held[0].key)

    async def verified(self, token: str) -> Claims | None:
        """What a token of ours says; None if it is not good."""
        self._forget_old()
        try:
            return self._verifier.verified(token, self._set)
        except UnknownKey:
            await self._look_again()
        except Refused:
            return None
        try:
            return self._verifier.verified(token, self._set)
        except Refused:
            return None

    def shown(self) -> list[dict[str, str]]:
        """The public keys, the one that signs first; :class:`Away` while there are none."""
        self._forget_old()
        if not self._held:
            raise Away("database", "no keys yet")
        return self._shown

    async def prepare(self, connection: Connection) -> None:
        """Make the first key if nobody has, say how long our tokens are good, and hold what there is."""
        key = SigningKey.new(new_id())
        async with connection.transaction():
            await queries.take_turn(connection, what=queries.KEYS)
            await queries.make_first_key(connection, kid=key.kid, private_key=key.der(), access_s=self._access_s)
            await queries.sign_for_longer(connection, access_s=self._access_s)
        self._hold(await queries.live_keys(connection))

    async def make(self, by: str, asker: Asker) -> str:
        """A new key signs from now on; its name."""
        key = SigningKey.new(new_id())
        async with self._database.transaction() as connection:
            await queries.take_turn(connection, what=queries.KEYS)
            await queries.make_key(
                connection,
                kid=key.kid,
                private_key=key.der(),
                access_s=self._access_s,
                by=by,
                client_address=asker.client_address,
                request_id=asker.request_id,
            )
            found = await queries.live_keys(connection)
        self._hold(found)
        return key.kid

    async def follow(self) -> None:
        """Look for news, for as long as the service runs."""
        while True:
            await asyncio.sleep(_LOOK_S)
            try:
                await self._look_again()
            except Away:
                self._forget_old()
            except Exception:
                _log.exception("keys_not_read")

    async def _look_again(self) -> None:
        """Ask the database; those who come while somebody asks wait for an answer that was asked for after they came."""
        if self._looking is not None:
            await asyncio.wait([self._looking])
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="look for keys")
        await asyncio.shield(self._looking)

    async def _look(self) -> None:
        async with self._database.session() as connection:
            found = await queries.live_keys(connection)
            over = [key.kid for key in found if (until := shown_until_s(key)) is not None and until < key.now_s]
            if over:
                await queries.drop_keys(connection, kids=over)
        self._hold(found)

    def _hold(self, found: Sequence[LiveKey]) -> None:
        now_s = self._clock()
        known = {held.key.kid: held.key for held in self._held}
        self._held = tuple(
            _Held(
                known.get(key.kid) or SigningKey.read(key.kid, key.private_key),
                None if (until := shown_until_s(key)) is None else now_s + until - key.now_s,
            )
            for key in found
        )
        self._forget_old()
        if [held.key.kid for held in self._held] != list(self._set.keys):
            self._show()

    def _forget_old(self) -> None:
        now_s = self._clock()
        if any(held.until_s is not None and held.until_s < now_s for held in self._held):
            self._held = tuple(held for held in self._held if held.until_s is None or held.until_s >= now_s)
            self._show()

    def _show(self) -> None:
        self._set = KeySet({held.key.kid: held.key.public for held in self._held})
        self._shown = [held.key.jwk() for held in self._held]
        _log.info("keys_changed", extra={"kids": [held.key.kid for held in self._held]})
