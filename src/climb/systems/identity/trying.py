"""A password is tried: in line, as often as may be, and with the same work whether there is an account or not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from climb.stack.database.connection import Connection
from climb.stack.database.pool import Database
from climb.systems.identity.asker import Asker
from climb.systems.identity.given import address_key
from climb.systems.identity.guessing import Tries, throttled
from climb.systems.identity.hashing import Passwords
from climb.systems.identity.settings import Settings
from climb.systems.identity.storage import queries
from climb.systems.identity.storage.queries import Standing

__all__ = ["Attempt", "Trying"]

T = TypeVar("T")

_SESSIONS = 5  # of the database's, so that those who don't log in always find one


@dataclass(frozen=True)
class Attempt:
    """A try that may be made: what is known, and who asks."""

    standing: Standing
    address: bytes
    asker: Asker
    by: str | None
    failed: Callable[[], None]


class Trying:
    """Lets passwords be tried, and remembers the failures."""

    def __init__(self, database: Database, passwords: Passwords, settings: Settings) -> None:
        self._database, self._passwords, self._settings = database, passwords, settings
        self._tries = Tries(settings.failures)
        self._room = asyncio.Semaphore(_SESSIONS)

    @asynccontextmanager
    async def attempt(self, address: str, asker: Asker, *, by: str | None = None) -> AsyncIterator[Attempt]:
        """A try for that address; 429 if there were too many failures, 503 if too many are in line."""
        key = address_key(address)

        async def look() -> Standing:
            return await self.asked(lambda connection: self._standing(connection, address, key, asker, by))

        with self._passwords.line.place():
            async with self._tries.begun((asker.client_address, key), look) as (standing, failed):
                yield Attempt(standing, key, asker, by, failed)

    async def fits(self, password: str, attempt: Attempt) -> bool:
        """Whether it is the password of the account, if there is one."""
        return await self._passwords.fits(password, attempt.standing.password_hash)

    async def failed(self, attempt: Attempt) -> None:
        """Remember that it was not."""
        await self.asked(
            lambda connection: queries.note_failure(
                connection,
                address=attempt.address,
                most=self._settings.failures,
                lock_s=self._settings.lock_s,
                user_id=attempt.standing.user_id,
                by=attempt.by,
                client_address=attempt.asker.client_address,
                request_id=attempt.asker.request_id,
            )
        )
        attempt.failed()

    async def asked(self, ask: Callable[[Connection], Awaitable[T]]) -> T:
        """What the database answers, a few of us at a time."""
        async with self._room, self._database.session() as connection:
            return await ask(connection)

    async def _standing(
        self, connection: Connection, address: str, key: bytes, asker: Asker, by: str | None
    ) -> Standing:
        most, lock_s = self._settings.failures, self._settings.lock_s
        standing = await queries.login_standing(
            connection, email=address, address=key, client_address=asker.client_address, lock_s=lock_s
        )
        assert standing is not None  # the query always has a row
        if standing.locked_s > 0 or standing.failed >= most or standing.failed_in_all >= 10 * most:
            await queries.note_throttled(
                connection,
                user_id=standing.user_id,
                by=by,
                client_address=asker.client_address,
                request_id=asker.request_id,
            )
            raise throttled(standing.locked_s or lock_s)
        return standing
