"""Requests that may be sent again: the same key has the same answer, and what was asked for is done once.

Key and answer are written in the transaction that does the work, so they are there if and only if the work is done, whoever dies.
While it goes on, the transaction holds an advisory lock on the key: a second request finds that locked and is told so at once, and a
dead server's lock is gone with its connection. There is no row for "under way" that somebody would have to clean up.

An answer that is an error leaves no trace: the work was undone, and the next request with the key begins anew.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from climb.stack.database.connection import Connection
from climb.stack.database.pool import Database
from climb.stack.database.queries import Queries
from climb.stack.http.problems import Problem, invalid

__all__ = ["SCHEMA", "Idempotency", "KeptAnswer", "Turn", "fingerprint", "key_of", "turn"]

SCHEMA = (Path(__file__).with_name("idempotency_schema.sql")).read_text()
"""What a migration of the service makes."""

_KEY = re.compile(r"[\x20-\x7e]{1,128}")
_KEPT_FIELDS = frozenset({"content-type", "location", "etag", "cache-control"})

_SQL = Queries(Path(__file__).with_name("idempotency.sql"))
_lock = _SQL.value("lock_idempotency_key", bool)
_keep = _SQL.nothing("keep_answer")
_forget = _SQL.value("forget_answers_before", int)


class KeptAnswer(msgspec.Struct, frozen=True):
    """An answer as it is kept."""

    fingerprint: bytes
    status: int
    fields: str
    body: bytes

    def response(self) -> Response:
        """The answer again."""
        return Response(self.body, self.status, msgspec.json.decode(self.fields, type=dict[str, str]))


_find = _SQL.row("find_answer", KeptAnswer)


class Turn(Enum):
    """What a request with a key gets."""

    WORK = "work"
    """nobody has asked with this key"""
    REPLAY = "replay"
    """it was answered before"""
    UNDER_WAY = "under way"
    """another one is being worked on"""
    OTHER = "other"
    """the key was used for another request"""


def turn(locked: bool, known: KeptAnswer | None, asked: bytes) -> Turn:
    """Whose turn it is, from whether the key could be locked, what is kept under it, and what is asked now."""
    if not locked:
        return Turn.UNDER_WAY
    if known is None:
        return Turn.WORK
    return Turn.REPLAY if known.fingerprint == asked else Turn.OTHER


def key_of(request: Request) -> str | None:
    """The ``Idempotency-Key`` of a request; None without one, 422 if it is not 1 to 128 printable characters of ASCII."""
    given = request.headers.getlist("idempotency-key")
    if not given:
        return None
    if len(given) > 1 or not _KEY.fullmatch(given[0]):
        raise invalid(("Idempotency-Key", "expected 1 to 128 printable characters of ASCII, once"))
    return given[0]


def fingerprint(method: str, path: str, body: bytes) -> bytes:
    """What makes a request the same one: its method, its path and its body, byte by byte."""
    return hashlib.sha256(b"\0".join((method.encode(), path.encode(), body))).digest()


class Idempotency:
    """The answers that a service keeps, in its own database."""

    def __init__(self, database: Database, *, kept_for: timedelta = timedelta(days=1)) -> None:
        self._database = database
        self._kept_for = kept_for

    async def answered(
        self,
        request: Request,
        owner: str,
        now: datetime,
        work: Callable[[Connection], Awaitable[Response]],
        *,
        within_s: float | None = None,
    ) -> Response:
        """The answer of ``work``, which gets the connection whose transaction it must write in; or the one that ``owner`` got before.

        Without a key it is done each time. 409 while it is under way, 422 if the key stands for another request. ``within_s`` is
        for work that takes longer than a session may.
        """
        key = key_of(request)
        asked = fingerprint(request.method, request.url.path, await request.body()) if key else b""
        async with self._database.transaction(within_s=within_s) as connection:
            if key is None:
                return await work(connection)
            locked = await _lock(connection, lock=_lock_number(owner, key))
            known = await _find(connection, owner=owner, key=key, oldest=now - self._kept_for) if locked else None
            return await self._taken(turn(locked, known, asked), connection, owner, key, asked, known, now, work)

    async def forget(self, now: datetime) -> int:
        """Remove the answers that are too old; how many these were."""
        async with self._database.session() as connection:
            return await _forget(connection, oldest=now - self._kept_for)

    async def _taken(
        self,
        turned: Turn,
        connection: Connection,
        owner: str,
        key: str,
        asked: bytes,
        known: KeptAnswer | None,
        now: datetime,
        work: Callable[[Connection], Awaitable[Response]],
    ) -> Response:
        if turned is Turn.UNDER_WAY:
            raise Problem(409, "a request with this Idempotency-Key is under way", headers={"Retry-After": "1"})
        if turned is Turn.OTHER:
            raise invalid(("Idempotency-Key", "was used for another request"))
        if known is not None:
            return known.response()
        response = await work(connection)
        fields = {name: value for name, value in response.headers.items() if name in _KEPT_FIELDS}
        await _keep(
            connection,
            owner=owner,
            key=key,
            fingerprint=asked,
            status=response.status_code,
            fields=msgspec.json.encode(fields).decode(),
            body=bytes(response.body),
            now=now,
        )
        return response


def _lock_number(owner: str, key: str) -> int:
    """64 bits that stand for the key among the advisory locks; two keys that share them would at worst wait for each other."""
    digest = hashlib.blake2b(f"{owner}\0{key}".encode(), digest_size=8, person=b"idempotency").digest()
    return int.from_bytes(digest, signed=True)
