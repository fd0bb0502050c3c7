"""Tables that change while they are used: numbered files of SQL, each applied once, in order, forward only.

``0007_clicks.sql`` is applied in a transaction together with the note that it was. Files whose first line is
``-- outside of a transaction`` have one statement that PostgreSQL takes only there (``CREATE INDEX CONCURRENTLY``); it must bear to be
repeated, since nothing can note it in the same moment. Processes that start together take turns by an advisory lock.

A change of a table needs a lock that conflicts with everything. While it waits for that behind one slow reader, all others wait behind
it. So it waits for a moment only, lets them by, and tries again.

A program that meets migrations newer than its own goes on: in a rolling restart the older instances run beside the newer ones.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # it ships no types

from climb.stack.database.connection import Connection

__all__ = ["Migration", "MigrationError", "due", "migrate", "migrations_in"]

_FILE = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_OUTSIDE = "-- outside of a transaction"
_LOCK = int.from_bytes(hashlib.blake2b(b"climb migrations", digest_size=8).digest(), signed=True)
_TURN_S = 0.05
_LOCK_MS = 500
_TRIES = 120
_PAUSE_S = 0.5

_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    number     integer     PRIMARY KEY,
    name       text        NOT NULL,
    sha256     text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)"""
_APPLIED = "SELECT number, sha256 FROM schema_migrations"
_NOTE = "INSERT INTO schema_migrations (number, name, sha256) VALUES ($1, $2, $3)"


class MigrationError(Exception):
    """The files and what was applied of them do not fit; somebody must look."""


@dataclass(frozen=True)
class Migration:
    """One file."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """By which a file is known that was changed after it was applied."""
        return hashlib.sha256(self.sql.encode()).hexdigest()

    @property
    def in_transaction(self) -> bool:
        """Whether it is applied as a whole or not at all."""
        return not self.sql.startswith(_OUTSIDE)


def migrations_in(folder: Path) -> list[Migration]:
    """The migrations of a folder, in order: 0001, 0002 and so on without a gap."""
    found = []
    for number, file in enumerate(sorted(folder.glob("*.sql")), 1):
        name = _FILE.fullmatch(file.name)
        if not name or int(name[1]) != number:
            raise MigrationError(
                f"{file.name}: expected a name that begins with {number:04}_, of small letters, digits and _"
            )
        found.append(Migration(number, name[2], file.read_text(encoding="utf-8")))
    return found


def due(migrations: Sequence[Migration], applied: Mapping[int, str]) -> list[Migration]:
    """Those that are not ``applied`` yet (number to sha256); MigrationError if one was changed since, or left out."""
    for migration in migrations:
        known = applied.get(migration.number)
        if known is not None and known != migration.sha256:
            raise MigrationError(
                f"{migration.number:04}_{migration.name}.sql is not the one that was applied: it was changed since, or the database is another program's"
            )
    missing = [migration for migration in migrations if migration.number not in applied]
    if missing and any(number > missing[0].number for number in applied):
        raise MigrationError(f"{missing[0].number:04}_{missing[0].name}.sql was left out: later ones are applied")
    return missing


async def migrate(connection: Connection, migrations: Sequence[Migration]) -> list[Migration]:
    """Apply what is due, and return it. The connection must have no statement timeout and no other use meanwhile."""
    async with _turn(connection):
        await connection.execute(_TABLE)
        applied = {row["number"]: row["sha256"] for row in await connection.fetch(_APPLIED)}
        missing = due(migrations, applied)
        for migration in missing:
            await (_whole(connection, migration) if migration.in_transaction else _outside(connection, migration))
    return missing


@asynccontextmanager
async def _turn(connection: Connection) -> AsyncIterator[None]:
    """Be the only one that migrates. Asked again and again: who waits within a statement is itself waited for by CONCURRENTLY."""
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):  # noqa: ASYNC110 - another process has it
        await asyncio.sleep(_TURN_S)
    try:
        yield
    finally:
        await connection.execute("SELECT pg_advisory_unlock($1)", _LOCK)


async def _whole(connection: Connection, migration: Migration) -> None:
    for _ in range(_TRIES):
        try:
            async with connection.transaction():
                await connection.execute(f"SET LOCAL lock_timeout = {_LOCK_MS}")
                await connection.execute(migration.sql)
                await _note(connection, migration)
        except asyncpg.LockNotAvailableError:
            await asyncio.sleep(_PAUSE_S)
        else:
            return
    raise MigrationError(f"{migration.number:04}_{migration.name}.sql: its locks were not to be had in {_TRIES} tries")


async def _outside(connection: Connection, migration: Migration) -> None:
    await connection.execute(migration.sql)
    await _note(connection, migration)


async def _note(connection: Connection, migration: Migration) -> None:
    await connection.execute(_NOTE, migration.number, migration.name, migration.sha256)
