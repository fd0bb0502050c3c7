"""Databases of checks: fresh, apart from one another, and open to the judge."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from climb.errors import SetupError
from climb.judge.choices import Choices
from climb.judge.dependencies import Database
from climb.judge.dependencies.places import moved
from climb.judge.dependencies.servers import end_all, postgres_shared
from climb.judge.expect import CannotTell
from climb.judge.faults import Cut, Full, HalfOpen, Injecting, Kill, Pause
from climb.judge.history import Recorder
from climb.judge.world import World
from climb.stack.postgres import postgres

SECRET = "correct-horse-battery"


async def run(url: str, *statements: str) -> None:
    """What a program does."""
    connection = await asyncpg.connect(url, timeout=20)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        connection.terminate()


async def test_each_database_is_fresh_and_alone(world: World) -> None:
    """Two databases of one server know nothing of each other, and one role can't get into the other's."""
    first, second = await world.database(), await world.database()

    await run(first.url, "CREATE TABLE t AS SELECT 1 AS n")

    assert await first.rows("SELECT n FROM t") == [{"n": 1}]
    assert await second.rows("SELECT count(*) AS n FROM pg_tables WHERE schemaname = 'public'") == [{"n": 0}]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await run(moved(first.own_url, path=second.name), "SELECT 1")


async def test_several_at_the_same_moment(world: World) -> None:
    """Databases that are made at the same moment do not get in each other's way, not even the first of a server."""
    end_all()

    made = await asyncio.gather(*(world.database() for _ in range(4)))

    assert len({database.name for database in made}) == 4


async def test_a_database_goes_with_its_world() -> None:
    """Neither the database nor its role is left, though a program is still connected."""
    async with World(Choices("41c2")) as world:
        database = await world.database()
        connection = await asyncpg.connect(database.own_url)
    connection.terminate()

    admin = await asyncpg.connect(postgres_shared().address)
    left = await admin.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", database.name)
    roles = await admin.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = $1", database.name)
    await admin.close()

    assert (left, roles) == (0, 0)


async def test_secrets_are_found_in_every_kind_of_value(world: World) -> None:
    """Texts, JSON, bytes, arrays and other schemas are searched; the key of the row is told, or its place."""
    database = await world.database()
    await run(
        database.url,
        "CREATE SCHEMA more",
        "CREATE TABLE people (number int, part int, name text, PRIMARY KEY (part, number))",
        'CREATE TABLE more."Odd Name" (kept jsonb, raw bytea, list text[])',
        f"INSERT INTO people VALUES (1, 2, 'nobody'), (7, 3, 'x{SECRET}y')",
        f"""INSERT INTO more."Odd Name" VALUES ('{{"a": ["{SECRET}"]}}', '{SECRET}'::bytea, ARRAY['{SECRET}'])""",
        f"""INSERT INTO more."Odd Name" VALUES ('{{}}', sha256('{SECRET}'), NULL)""",
    )

    found = await database.holding("something else", SECRET)

    assert {(each.table, each.column, each.key, each.secret) for each in found} == {
        ("people", "name", "3, 7", 1),
        ("Odd Name", "kept", "(0,1)", 1),
        ("Odd Name", "raw", "(0,1)", 1),
        ("Odd Name", "list", "(0,1)", 1),
    }
    assert all([await database.rows(f"SELECT {each.value} FROM {each.source}") for each in found])


async def test_statements_of_the_program_are_counted(world: World) -> None:
    """The program's own are counted, by their beginning if asked; the judge's and those of other databases are not."""
    database, other = await world.database(), await world.database()
    await run(database.url, "CREATE TABLE t (n int)")
    before, selects = await database.statements(), await database.statements("select")

    await run(database.url, "SELECT count(*) FROM t", "select n FROM t", "INSERT INTO t VALUES (1)")
    await run(other.url, "SELECT 1")
    await database.rows("SELECT 1")

    assert await database.statements() - before == 3
    assert await database.statements("select") - selects == 2


async def test_no_more_connections_than_asked_for(world: World) -> None:
    """The program gets as many connections as were ordered; the judge still gets in."""
    database = await world.database(connections=2)
    opened = [await asyncpg.connect(database.url) for _ in range(2)]

    with pytest.raises(asyncpg.TooManyConnectionsError):
        await asyncpg.connect(database.url)
    counted = await database.connections()
    for connection in opened:
        connection.terminate()

    assert counted == 2


@pytest.mark.parametrize(("fault", "error"), [(Cut(), ConnectionRefusedError), (Full(), asyncpg.TooManyConnectionsError), (HalfOpen(), TimeoutError)])  # fmt: skip
async def test_faults_that_need_no_server_alone(world: World, fault: Cut | Full | HalfOpen, error: type[Exception]) -> None:  # fmt: skip
    """Open connections end or fall silent, new ones fail as they should, all is well after healing, and it is in the history."""
    database, recorder = await world.database(), Recorder(world.now)
    connection = await asyncpg.connect(database.url)
    async with Injecting(database.place, recorder) as faults:
        await faults.inject(fault)
        with pytest.raises(error):
            await asyncpg.connect(database.url, timeout=1)
        with pytest.raises((OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)):
            await connection.fetchval("SELECT 1", timeout=0.5)
        connection.terminate()
        assert await database.rows("SELECT 2 AS n") == [{"n": 2}]
        await faults.heal(fault)

    await run(database.url, "SELECT 1")

    assert [period.label for period in recorder.history().faults] == [f"database: {fault.label}"]


async def test_a_killed_server_refuses_and_loses_nothing(world: World) -> None:
    """What was committed is there when it is started again, and who was killed is in the history."""
    database, recorder = await world.database(alone=True), Recorder(world.now)
    await run(database.url, "CREATE TABLE t AS SELECT 1 AS n")
    kill = Kill()
    async with Injecting(database.place, recorder) as faults:
        await faults.inject(kill)
        with pytest.raises(ConnectionRefusedError):
            await asyncpg.connect(database.url)
        with pytest.raises(SetupError, match="can't ask the database"):
            await database.rows("SELECT 1")
        await faults.heal(kill)

    assert await database.rows("SELECT n FROM t") == [{"n": 1}]
    assert [(event.who, event.kind) for event in recorder.history().events] == [
        ("database", "killed"),
        ("database", "started"),
    ]


async def test_a_server_that_was_left_paused_or_dead_is_put_in_order() -> None:
    """The next check that wants a server to itself gets a running one, without data of the last."""
    names = []
    for fault in (Kill(), Pause()):
        async with World(Choices("41c2")) as world:
            database = await world.database(alone=True)
            names.append(database.name)
            await run(database.url, "CREATE TABLE t (n int)")
            await fault.inject(database.place)

    async with World(Choices("41c2")) as world:
        database = await world.database(alone=True)
        found = await database.rows("SELECT datname FROM pg_database WHERE datname LIKE 'check_%'")

    assert [row["datname"] for row in found] == [database.name]


async def test_the_server_of_all_checks_is_not_killed(world: World) -> None:
    """A check that forgot to ask for a server alone is the author's mistake, and the server lives."""
    database = await world.database()

    with pytest.raises(RuntimeError, match="alone=True"):
        await Kill().inject(database.place)

    assert await database.rows("SELECT 1 AS n") == [{"n": 1}]


@pytest.fixture
async def others(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """The master's address of a PostgreSQL that the environment names by a user who may make roles and databases, and no more."""
    manager = postgres()
    server = await asyncio.to_thread(manager.__enter__)
    await run(server.address, "CREATE ROLE guest LOGIN CREATEDB CREATEROLE PASSWORD 'pw'")
    monkeypatch.setenv("DATABASE_URL", moved(server.address, login=("guest", "pw")))
    yield server.address
    await asyncio.to_thread(manager.__exit__, None, None, None)


@pytest.mark.parametrize("alone", [False, True])
async def test_work_of_the_server_is_counted(world: World, alone: bool) -> None:
    """What the server reckons for a statement is in its processor time, in whatever of its processes it was done."""
    database = await world.database(alone=alone)
    before = database.cpu_seconds()

    await database.rows("SELECT sum(sqrt(n)) FROM generate_series(1, 4000000) AS n")

    assert database.cpu_seconds() - before > 0.1


async def test_a_server_that_the_environment_names(others: str) -> None:
    """It is used by a user who need not be its master; what needs its process can't be told, and nothing is left on it."""
    async with World(Choices("41c2")) as world:
        database = await world.database(alone=True)
        await used(database)
        with pytest.raises(CannotTell, match="DATABASE_URL"):
            await Kill().inject(database.place)
        with pytest.raises(CannotTell, match="count"):
            await database.statements()
        spent = database.cpu_seconds()
    admin = await asyncpg.connect(others)
    left = await admin.fetchval("SELECT count(*) FROM pg_database WHERE datname LIKE 'check_%'")
    await admin.close()

    assert left == 0
    assert spent == 0  # nobody knows


async def used(database: Database) -> None:
    """A program writes, and the judge reads and searches."""
    await run(database.url, "CREATE TABLE t (word text)", f"INSERT INTO t VALUES ('{SECRET}')")
    async with Injecting(database.place, Recorder()) as faults:
        full = Full()
        await faults.inject(full)
        with pytest.raises(asyncpg.TooManyConnectionsError):
            await asyncpg.connect(database.url)
        await faults.heal(full)

    assert await database.rows("SELECT word FROM t") == [{"word": SECRET}]
    assert len(await database.holding(SECRET)) == 1


async def test_a_server_that_is_not_there(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    """That a server can't be reached is the judge's trouble."""
    (port,) = world.closed(1, address="127.0.0.1")
    monkeypatch.setenv("DATABASE_URL", f"postgresql://somebody:pw@127.0.0.1:{port}/all")

    with pytest.raises(SetupError, match="can't ask the database"):
        await world.database()
