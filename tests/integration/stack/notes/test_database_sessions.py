"""Sessions with a real PostgreSQL: what they leave, and what becomes of them while it is away."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest
import uvloop

from climb.stack.away import Away
from climb.stack.database.pool import Database, DatabaseLimits
from climb.stack.secret import Secret
from climb.stack.server import Kept

pytestmark = pytest.mark.slow

LIMITS = DatabaseLimits(connections=4, wait_s=0.5, statement_s=0.5, session_s=0.8)
SLACK_S = 0.7  # for a machine that has other things to do
BOUND_S = LIMITS.wait_s + LIMITS.session_s + SLACK_S
BACK_S = 5.0  # what services promise; an idle machine takes less than one


@asynccontextmanager
async def opened(url: Secret, limits: DatabaseLimits = LIMITS) -> AsyncIterator[Database]:
    async with Database(url, limits).open() as database:
        await asyncio.wait_for(database.wait(), 20)
        yield database


async def asked(database: Database, query: str = "SELECT 1") -> object:
    async with database.session() as connection:
        return await connection.fetchval(query)


async def refusal_s(asking: Callable[[], object]) -> float:
    """How long it takes until somebody is told that the database is away."""
    began = time.monotonic()
    with pytest.raises(Away):
        await asking()
    return time.monotonic() - began


async def back_s(database: Database) -> float:
    began = time.monotonic()
    while True:
        try:
            await asked(database)
        except Away:
            assert time.monotonic() - began < 20
            await asyncio.sleep(0.02)
        else:
            return time.monotonic() - began


async def until_away(database: Database) -> None:
    with contextlib.suppress(Away):
        while True:
            await database.ready()
            await asyncio.sleep(0.02)


async def take_all(url: Secret, taken: list[asyncpg.Connection]) -> None:
    """Every connection that the server still gives."""
    with contextlib.suppress(asyncpg.TooManyConnectionsError):
        while True:
            taken.append(await asyncpg.connect(url.reveal()))


async def test_a_session_sends_nothing_but_its_statements(database_url: Secret) -> None:
    """A connection that comes back costs no round trip: the server sees the last statement as the last."""
    async with opened(database_url) as database:
        async with database.session() as connection:
            number = await connection.fetchval("SELECT pg_backend_pid()")
            await connection.execute("SELECT 'the last'")
        watcher = await asyncpg.connect(database_url.reveal())
        last = await watcher.fetchval("SELECT query FROM pg_stat_activity WHERE pid = $1", number)
        await watcher.close()

    assert last == "SELECT 'the last'"


async def test_a_cancelled_session_leaves_no_open_transaction(database_url: Secret) -> None:
    """The next one sees nothing of what was not committed."""
    async with opened(database_url, DatabaseLimits(connections=1)) as database:
        await asked(database, "CREATE TABLE t (n int)")
        inserted = asyncio.Event()

        async def half() -> None:
            async with database.transaction() as connection:
                await connection.execute("INSERT INTO t VALUES (1)")
                inserted.set()
                await asyncio.sleep(60)

        task = asyncio.create_task(half())
        await asyncio.wait_for(inserted.wait(), 10)
        task.cancel()
        await asyncio.wait([task])

        assert await asked(database, "SELECT count(*) FROM t") == 0


async def test_a_block_that_raises_is_undone_and_the_error_is_its_own(database_url: Secret) -> None:
    """Only what the database did is told as the database's."""
    async with opened(database_url) as database:
        await asked(database, "CREATE TABLE t (n int)")

        async def fail() -> None:
            async with database.transaction() as connection:
                await connection.execute("INSERT INTO t VALUES (1)")
                raise LookupError

        async def look_elsewhere(error: Exception) -> None:
            async with database.session():
                raise error

        with pytest.raises(LookupError):
            await fail()
        for error in (FileNotFoundError(), TimeoutError()):
            with pytest.raises(type(error)):
                await look_elsewhere(error)
        with pytest.raises(asyncpg.DivisionByZeroError):
            await asked(database, "SELECT 1 / 0")

        assert await asked(database, "SELECT count(*) FROM t") == 0


async def test_a_slow_statement_ends_and_leaves_the_others_alone(database_url: Secret) -> None:
    """The server ends it; the connection goes on."""
    async with opened(database_url, DatabaseLimits(connections=1, statement_s=0.3)) as database:
        before = await asked(database, "SELECT pg_backend_pid()")
        took_s = await refusal_s(lambda: asked(database, "SELECT pg_sleep(30)"))

        assert await asked(database, "SELECT pg_backend_pid()") == before
    assert took_s < 0.3 + SLACK_S


async def test_a_session_has_an_end_and_large_work_has_a_later_one(database_url: Secret) -> None:
    """Many statements that are quick one by one are long together."""
    limits = DatabaseLimits(connections=1, session_s=0.4)

    async def ten(database: Database, within_s: float | None = None) -> int:
        async with database.session(within_s=within_s) as connection:
            return len([await connection.fetchval("SELECT pg_sleep(0.1)") for _ in range(10)])

    async with opened(database_url, limits) as database:
        took_s = await refusal_s(lambda: ten(database))

        assert await ten(database, within_s=20) == 10
    assert 0.4 <= took_s < 0.4 + SLACK_S


async def test_who_finds_no_connection_is_told_in_time(database_url: Secret) -> None:
    """With all connections in use, the wait has a bound."""
    limits = DatabaseLimits(connections=1, wait_s=0.2, session_s=20, statement_s=20)
    async with opened(database_url, limits) as database, database.session():
        took_s = await refusal_s(lambda: asked(database))

    assert 0.2 <= took_s < 0.2 + SLACK_S


async def test_it_is_back_soon_after_the_server_is(database_server: Kept, database_url: Secret) -> None:
    """After a kill everybody is told at once, and after the start everything goes on without a restart of ours."""
    async with opened(database_url) as database:
        await asked(database)
        await asyncio.to_thread(database_server.kill)
        told_s = [await refusal_s(lambda: asked(database)) for _ in range(20)]
        await asyncio.to_thread(database_server.start)
        took_s = await back_s(database)

    assert max(told_s) < BOUND_S
    assert took_s < BACK_S


async def test_a_silent_server_is_noticed_and_then_costs_nobody_anything(
    database_server: Kept, database_url: Secret
) -> None:
    """Its connections are there and say nothing: the first who ask wait for as long as is said, the later ones not at all."""
    async with opened(database_url) as database:
        await asyncio.gather(*(asked(database) for _ in range(4)))
        await asyncio.to_thread(database_server.pause)
        try:
            first_s = await asyncio.gather(*(refusal_s(lambda: asked(database)) for _ in range(10)))
            await until_away(database)
            later_s = [await refusal_s(lambda: asked(database)) for _ in range(20)]
        finally:
            await asyncio.to_thread(database_server.resume)
        took_s = await back_s(database)

    assert max(first_s) < BOUND_S
    assert sorted(later_s)[10] < LIMITS.wait_s / 20
    assert took_s < BACK_S


def test_a_delay_of_our_own_is_not_the_servers(database_url: Secret) -> None:
    """If this process did not run for longer than the watch waits, nobody's session is cut.

    On the loop that serves, since the order in which it does things is what counts.
    """

    async def delayed() -> set[object]:
        seen = set()
        async with opened(database_url) as database:
            for _ in range(3):
                seen.add(await asked(database, "SELECT pg_backend_pid()"))
                database._doubt.set()
                for _ in range(5):  # until the watch has asked
                    await asyncio.sleep(0)
                time.sleep(LIMITS.statement_s * 1.5)  # noqa: ASYNC251 - that is the point
                await asyncio.sleep(0.1)  # while it sees its answer, or does not
                seen.add(await asked(database, "SELECT pg_backend_pid()"))
        return seen

    assert len(uvloop.run(delayed())) == 1


async def test_sessions_under_way_are_cut_when_the_server_falls_silent(
    database_server: Kept, database_url: Secret
) -> None:
    """Nobody holds a connection that nothing comes from."""
    async with opened(database_url) as database:

        async def holding() -> None:
            async with database.session() as connection:
                while True:
                    await connection.fetchval("SELECT pg_sleep(0.05)")

        tasks = [asyncio.create_task(refusal_s(holding)) for _ in range(3)]
        await asked(database)
        await asyncio.to_thread(database_server.pause)
        try:
            told_s = await asyncio.wait_for(asyncio.gather(*tasks), 10)
        finally:
            await asyncio.to_thread(database_server.resume)
        took_s = await back_s(database)

    assert len(told_s) == 3
    assert took_s < BACK_S


async def test_a_server_without_room_is_not_one_that_is_away(database_server: Kept, database_url: Secret) -> None:
    """While others have all its connections, those that we have go on working, and we wait for one of them."""
    async with opened(database_url, DatabaseLimits(connections=8, wait_s=1.0)) as database:
        await asked(database)  # one connection is ours
        taken: list[asyncpg.Connection] = []
        try:
            await take_all(database_url, taken)
            found = await asyncio.gather(*(asked(database) for _ in range(8)))
            await database.ready()
        finally:
            for connection in taken:
                await connection.close()

    assert found == [1] * 8


async def test_without_any_room_everybody_is_told_in_time(database_server: Kept, database_url: Secret) -> None:
    """A session that needs a connection which the server does not give ends within the wait."""
    async with opened(database_url, DatabaseLimits(connections=8, wait_s=0.3, session_s=20)) as database:
        taken: list[asyncpg.Connection] = []
        try:
            async with contextlib.AsyncExitStack() as stack:
                for _ in range(3):  # that were made before
                    await stack.enter_async_context(database.session())
                await take_all(database_url, taken)
                took_s = await refusal_s(lambda: asked(database))
        finally:
            for connection in taken:
                await connection.close()
        await back_s(database)

    assert took_s < 0.3 + SLACK_S


async def test_the_first_who_come_find_connections(database_url: Secret) -> None:
    """Some are made before anybody asks, but no more than there may be."""
    counted = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'climb'"
    found = []
    for connections in (8, 1):
        async with opened(database_url, DatabaseLimits(connections=connections)) as database:
            found.append(await asked(database, counted))

    assert found == [3, 1]


async def test_a_database_that_is_not_there_yet_is_waited_for(database_server: Kept, database_url: Secret) -> None:
    """It need not be there at the start; tables are made when it comes, once."""
    prepared = []

    async def prepare(connection: object) -> None:
        prepared.append(connection)

    await asyncio.to_thread(database_server.stop)
    try:
        async with Database(database_url, LIMITS, prepare=prepare).open() as database:
            await refusal_s(lambda: asked(database))
            await asyncio.to_thread(database_server.start)
            await asyncio.wait_for(database.wait(), 10)

            assert await asked(database) == 1
            assert len(prepared) == 1
    finally:
        await asyncio.to_thread(database_server.start)


async def test_a_preparation_that_fails_is_tried_again(database_url: Secret) -> None:
    """Until then nobody gets a session."""
    tried = []

    async def prepare(_connection: object) -> None:
        tried.append(1)
        if len(tried) == 1:
            raise OSError("not now")

    async with Database(database_url, LIMITS, prepare=prepare).open() as database:
        await asyncio.sleep(0)
        with pytest.raises(Away):
            await database.ready()
        await asyncio.wait_for(database.wait(), 20)

    assert len(tried) == 2


@pytest.mark.parametrize("turns", [0, 1, 2])
async def test_it_closes_whatever_the_watch_is_about(database_url: Secret, turns: int) -> None:
    """It closes in the moment in which the watch is woken as well."""
    async with asyncio.timeout(30):
        async with opened(database_url) as database:
            await asked(database)
            await asyncio.sleep(0.05)  # the watch waits
            database._doubt.set()
            for _ in range(turns):
                await asyncio.sleep(0)

        with pytest.raises(Away):
            await database.ready()
