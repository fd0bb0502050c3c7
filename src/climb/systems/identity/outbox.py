"""Messages to people: left in the database with their cause, sent from here, until somebody takes them.

A message is claimed for a moment, and held for as long as an attempt lasts. If this process dies, it is due again when the moment is
over, for whoever sends then. What a message carries is made when it leaves: the database has only the hash, so the second attempt carries
another token, and both are good until one was used.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

import msgspec

from climb.stack.away import Away
from climb.stack.database.pool import Database
from climb.stack.http.asking import ask
from climb.systems.identity.random_texts import digest, new_secret
from climb.systems.identity.storage import queries

__all__ = ["Deliver", "Message", "Outbox", "delay_s", "posted"]

_log = logging.getLogger(__name__)

_LOOK_S = 1.0  # for messages that a dead process has left, and those whose next attempt is due
_LEASE_S = 3.0
_AT_ONCE = 32
_ATTEMPT_S = 10.0
_LONGEST_DELAY_S = 5.0


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is posted."""

    to: str
    kind: str
    token: str | None = None


Deliver = Callable[[Message], Awaitable[None]]
"""Returns when the message was taken; raises :class:`Away` if it was not."""


def posted(url: str) -> Deliver:
    """Messages are posted there."""

    async def deliver(message: Message) -> None:
        body = msgspec.json.encode(message)
        fields = {"Content-Type": "application/json"}
        answer = await ask("POST", url, body=body, fields=fields, within_s=_ATTEMPT_S, part="mail")
        if not 200 <= answer.status < 300:
            raise Away("mail", f"it answered {answer.status}")

    return deliver


def delay_s(attempts: int) -> float:
    """How long to wait after so many attempts that failed."""
    return float(min(_LONGEST_DELAY_S, 0.25 * 2 ** min(attempts - 1, 10)))


class Outbox:
    """Sends what is due, some messages at once."""

    def __init__(self, database: Database, deliver: Deliver, link_s: int) -> None:
        self._database, self._deliver, self._link_s = database, deliver, link_s
        self._news = asyncio.Event()
        self._sending: dict[int, asyncio.Task[None]] = {}

    def wake(self) -> None:
        """There is a new message."""
        self._news.set()

    async def run(self) -> None:
        """Send, for as long as the service runs."""
        try:
            while True:
                self._news.clear()
                try:
                    await self._round()
                except Away:
                    pass  # the next round may find it
                except Exception:
                    _log.exception("messages_not_read")
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_S):
                        await self._news.wait()
        finally:
            for task in self._sending.values():
                task.cancel()

    async def _round(self) -> None:
        async with self._database.session() as connection:
            if self._sending:
                await queries.hold_messages(connection, ids=list(self._sending), lease_s=_LEASE_S)
            room = _AT_ONCE - len(self._sending)
            if room <= 0:
                return
            due = await queries.claim_messages(connection, most=room, lease_s=_LEASE_S)
        for message in due:
            task = asyncio.create_task(self._send(message), name="send a message")
            self._sending[message.id] = task
            task.add_done_callback(lambda _, number=message.id: self._sent(number))  # type: ignore[misc]

    def _sent(self, number: int) -> None:
        del self._sending[number]
        self._news.set()  # there is room for another

    async def _send(self, due: queries.DueMessage) -> None:
        secret = new_secret()
        try:
            async with self._database.session() as connection:
                worded = await queries.word_message(connection, id=due.id, hash=digest(secret), link_s=self._link_s)
            if worded is not None:
                carried = secret if worded.said in {"confirm", "reset"} else None
                await self._deliver(Message(worded.to_address, worded.said, carried))
            async with self._database.session() as connection:
                await queries.message_done(connection, id=due.id)
        except Away as away:
            await self._later(due, str(away))
        except Exception as error:
            _log.exception("message_not_sent", extra={"message_id": due.id})
            await self._later(due, type(error).__name__)

    async def _later(self, due: queries.DueMessage, why: str) -> None:
        wait_s = delay_s(due.attempts)
        _log.warning("message_later", extra={"message_id": due.id, "why": why, "delay_s": wait_s})
        with contextlib.suppress(Away):  # then it is due when its lease is over
            async with self._database.session() as connection:
                await queries.message_later(connection, id=due.id, delay_s=wait_s)
        asyncio.get_running_loop().call_later(wait_s, self._news.set)
