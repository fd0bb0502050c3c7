"""Pairs of transactions that meet on a PostgreSQL, and the rules that they can break. For the lab on isolation.

Each client has a connection, a thread and an event loop of its own: so both can think at the same time, and for less than the
whole milliseconds to which asyncio's sleep rounds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from climb.labs.servers import connected

if TYPE_CHECKING:
    import asyncpg  # type: ignore[import-untyped]  # it ships no types

__all__ = [
    "COMMITTED",
    "LOCKED",
    "LOST",
    "REPEATABLE",
    "RULES",
    "SERIALIZABLE",
    "SKEW",
    "TWICE",
    "WAYS",
    "Outcome",
    "Pair",
    "pair",
]

LOST, TWICE, SKEW = "lost update", "non-repeatable read", "write skew"
COMMITTED, REPEATABLE, SERIALIZABLE = "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"
LOCKED = "READ COMMITTED, FOR UPDATE"

_AHEAD_S = 0.001  # so that both clients know when they begin before they do
_DEADLINE_S = 20.0
_TABLES = (
    "CREATE TABLE account (id int PRIMARY KEY, units int); INSERT INTO account VALUES (1, 0);"
    "CREATE TABLE doctors (id int PRIMARY KEY, on_call bool); INSERT INTO doctors VALUES (1, true), (2, true)"
)


@dataclass(frozen=True)
class _Task:
    """What one client of a pair is to do: who of the two it is, at which level, with which lock, and how long it thinks."""

    me: int
    level: str
    lock: str
    think_s: float


@dataclass(frozen=True)
class Outcome:
    """What became of a pair: whether the rule was broken, and whether one of the two was refused."""

    broken: bool
    refused: bool


Work: TypeAlias = "Callable[[asyncpg.Connection, _Task], Awaitable[bool]]"


@dataclass(frozen=True)
class _Rule:
    """What the two of a pair do, each saying whether it saw the rule broken; and a question that says so afterwards."""

    reset: str
    works: tuple[Work, Work]
    broken: str


@dataclass(frozen=True)
class _Way:
    level: str
    lock: str = ""


async def _add(db: asyncpg.Connection, task: _Task) -> bool:
    """Read a number, think, write one more."""
    async with db.transaction(isolation=task.level):
        units = await db.fetchval(f"SELECT units FROM account WHERE id = 1{task.lock}")  # noqa: S608 - our own words
        _think(task.think_s)
        await db.execute("UPDATE account SET units = $1 WHERE id = 1", units + 1)
    return False


async def _look_twice(db: asyncpg.Connection, task: _Task) -> bool:
    """Read a row, think, read it again."""
    read = f"SELECT units FROM account WHERE id = 1{task.lock}"  # noqa: S608 - our own words
    async with db.transaction(isolation=task.level):
        first = await db.fetchval(read)
        _think(task.think_s)
        return bool(first != await db.fetchval(read))


async def _change(db: asyncpg.Connection, task: _Task) -> bool:
    """Change the row that the other one reads."""
    async with db.transaction(isolation=task.level):
        await db.execute("UPDATE account SET units = units + 1 WHERE id = 1")
    return False


async def _leave(db: asyncpg.Connection, task: _Task) -> bool:
    """Go home if somebody else is on call."""
    on_call = f"SELECT count(*) FROM (SELECT FROM doctors WHERE on_call ORDER BY id{task.lock}) AS found"  # noqa: S608 - our own words
    async with db.transaction(isolation=task.level):
        found = await db.fetchval(on_call)
        _think(task.think_s)
        if found > 1:
            await db.execute("UPDATE doctors SET on_call = false WHERE id = $1", task.me + 1)
    return False


def _think(seconds: float) -> None:
    """Wait; nobody else is in this client's loop."""
    if seconds > 0:
        time.sleep(seconds)


_NO_UNITS = "UPDATE account SET units = 0"
RULES = {
    LOST: _Rule(_NO_UNITS, (_add, _add), "SELECT units <> 2 FROM account"),
    TWICE: _Rule(_NO_UNITS, (_look_twice, _change), "SELECT false"),
    SKEW: _Rule("UPDATE doctors SET on_call = true", (_leave, _leave), "SELECT NOT bool_or(on_call) FROM doctors"),
}
WAYS = {
    COMMITTED: _Way("read_committed"),
    REPEATABLE: _Way("repeatable_read"),
    SERIALIZABLE: _Way("serializable"),
    LOCKED: _Way("read_committed", " FOR UPDATE"),
}


class _Client:
    """A connection in a thread of its own."""

    def __init__(self, address: str, stack: ExitStack) -> None:
        self._thread = stack.enter_context(ThreadPoolExecutor(1))
        self._runner = asyncio.Runner()
        self._held = AsyncExitStack()
        connecting: Future[asyncpg.Connection] = self._thread.submit(
            lambda: self._runner.run(self._held.enter_async_context(connected(address)))
        )
        self.db = connecting.result(_DEADLINE_S)
        stack.callback(lambda: self._thread.submit(self._end).result(_DEADLINE_S))

    def _end(self) -> None:
        self._runner.run(self._held.aclose())
        self._runner.close()

    def say(self, statement: str) -> Any:
        """One statement by itself; the first value that it answers."""
        return self._thread.submit(lambda: self._runner.run(self.db.fetchval(statement))).result(_DEADLINE_S)

    def begin(self, at: float, work: Work, task: _Task) -> Future[bool | None]:
        """Do the work from a moment of ``time.monotonic`` on: whether it saw the rule broken, or None if it was refused."""
        return self._thread.submit(lambda: self._runner.run(self._attempt(at, work, task)))

    async def _attempt(self, at: float, work: Work, task: _Task) -> bool | None:
        from asyncpg import SerializationError

        _think(at - time.monotonic())
        try:
            return await work(self.db, task)
        except SerializationError:  # 40001
            return None


class Pair:
    """Two clients of one database."""

    def __init__(self, first: _Client, second: _Client) -> None:
        self._clients = (first, second)

    @property
    def version(self) -> str:
        """Of the database."""
        return str(self._clients[0].say("SHOW server_version"))

    def meet(self, rule: str, way: str, *, think_s: float, apart_s: float) -> Outcome:
        """Have both do their part, one ``apart_s`` after the other; the second one first if that is below zero."""
        asked, how = RULES[rule], WAYS[way]
        self._clients[0].say(asked.reset)
        now = time.monotonic() + _AHEAD_S
        begins = (now + max(-apart_s, 0.0), now + max(apart_s, 0.0))
        doing = [
            client.begin(begin, work, _Task(me, how.level, how.lock, think_s))
            for me, (client, begin, work) in enumerate(zip(self._clients, begins, asked.works, strict=True))
        ]
        done = [each.result(_DEADLINE_S) for each in doing]
        refused = None in done
        # A refused transaction has not happened, and its client knows: the number is not one too low by mistake.
        broken = any(done) or (not refused and bool(self._clients[0].say(asked.broken)))
        return Outcome(broken, refused)


@contextmanager
def pair(address: str) -> Iterator[Pair]:
    """Two clients, and the tables that they work on."""
    with ExitStack() as stack:
        first, second = _Client(address, stack), _Client(address, stack)
        for statement in _TABLES.split(";"):
            first.say(statement)
        yield Pair(first, second)
