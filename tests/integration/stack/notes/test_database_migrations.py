"""Migrations on a real PostgreSQL: once, in order, by one process at a time, while others use the tables."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from climb.stack.database.migrations import Migration, MigrationError, migrate
from climb.stack.secret import Secret

pytestmark = pytest.mark.slow

TABLE = Migration(1, "table", "CREATE TABLE t (n int); INSERT INTO t SELECT generate_series(1, 1000)")
INDEX = Migration(2, "index", "-- outside of a transaction\nCREATE INDEX CONCURRENTLY i ON t (n)")
COLUMN = Migration(2, "column", "ALTER TABLE t ADD COLUMN m int")
BROKEN = Migration(2, "broken", "CREATE TABLE u (n int); SELECT 1 / 0")

PROCESS = """
import asyncio, sys, asyncpg
from pathlib import Path
from climb.stack.database.migrations import migrate, migrations_in

async def main():
    connection = await asyncpg.connect(sys.argv[1])
    print(*(migration.number for migration in await migrate(connection, migrations_in(Path(sys.argv[2])))))
    await connection.close()

asyncio.run(main())
"""


@pytest.fixture
async def connection(database_url: Secret) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url.reveal())
    yield connection
    await connection.close()


@pytest.fixture
async def other(database_url: Secret) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url.reveal())
    yield connection
    await connection.close()


async def test_each_is_applied_once(connection: asyncpg.Connection) -> None:
    """The second time nothing is due."""
    first, second = await migrate(connection, [TABLE, INDEX]), await migrate(connection, [TABLE, INDEX])

    assert (first, second) == ([TABLE, INDEX], [])
    assert await connection.fetchval("SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass")


async def test_one_that_fails_leaves_nothing(connection: asyncpg.Connection) -> None:
    """Neither its first statements nor the note that it was applied; those before it stay."""
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(connection, [TABLE, BROKEN])

    assert await connection.fetchval("SELECT to_regclass('u')") is None
    assert await connection.fetchval("SELECT array_agg(number) FROM schema_migrations") == [1]


async def test_a_changed_file_is_refused(connection: asyncpg.Connection) -> None:
    """And nothing behind it is applied."""
    await migrate(connection, [TABLE])
    with pytest.raises(MigrationError):
        await migrate(connection, [Migration(1, "table", TABLE.sql + " "), COLUMN])

    assert await connection.fetchval("SELECT count(*) FROM schema_migrations") == 1


async def test_two_processes_at_once_share_the_work(
    database_url: Secret, connection: asyncpg.Connection, tmp_path: Path
) -> None:
    """Whoever is first does it, also what can't be in a transaction; the other waits and finds nothing to do. Neither deadlocks."""
    for migration in (TABLE, INDEX):
        (tmp_path / f"000{migration.number}_{migration.name}.sql").write_text(migration.sql)
    arguments = ("-c", PROCESS, database_url.reveal(), str(tmp_path))
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
        for _ in range(4)
    ]
    said = [(await process.communicate())[0].decode().strip() for process in processes]

    assert [process.returncode for process in processes] == [0] * 4
    assert sorted(said) == ["", "", "", "1 2"]


async def test_a_change_of_a_table_lets_others_by(
    connection: asyncpg.Connection, other: asyncpg.Connection, database_url: Secret
) -> None:
    """While a slow reader holds the table, the change waits, and other readers do not wait behind it for longer than a moment."""
    await migrate(connection, [TABLE])
    slow = other.transaction()
    await slow.start()
    await other.fetch("SELECT * FROM t LIMIT 1")
    change = asyncio.create_task(migrate(connection, [TABLE, COLUMN]))
    reader = await asyncpg.connect(database_url.reveal())
    read = 0
    try:
        while read < 5 or await reader.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted") == 0:
            await reader.execute("SET statement_timeout = 3000")
            await reader.fetch("SELECT * FROM t LIMIT 1")
            read += 1
        await reader.fetch("SELECT * FROM t LIMIT 1")
        waited = not change.done()
        await slow.commit()
        done = await asyncio.wait_for(change, 20)
    finally:
        await reader.close()

    assert waited
    assert done == [COLUMN]
