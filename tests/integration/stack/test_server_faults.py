"""What an owner does to servers of its own: kill, pause, stop, start again, with the data kept or thrown away."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import asyncpg
import psutil
import pytest
import redis
import redis.asyncio

from climb.stack.errors import StackError
from climb.stack.ports import answers
from climb.stack.postgres import postgres
from climb.stack.server import Kept
from climb.stack.valkey import valkey

pytestmark = pytest.mark.slow

ENOUGH_S = 60.0
IN_VAIN_S = 0.3  # how long to wait for what must not come
LOOK_S = 0.02
OWNER = """
import sys
from climb.stack.{kind} import {kind}
with {kind}() as server:
    server.{fault}()
    print(server.address, server.pid, flush=True)
    sys.stdin.read()
"""


class Store(Protocol):
    """Somewhere to write a word and to read it again, each within ``timeout_s`` or with an error."""

    async def write(self, word: str) -> None: ...

    async def read(self, *, timeout_s: float = ENOUGH_S) -> str | None: ...


class Table:
    """A PostgreSQL as a store."""

    def __init__(self, address: str) -> None:
        self.address = address

    async def write(self, word: str) -> None:
        await self._ask("CREATE TABLE IF NOT EXISTS words (word text)")
        await self._ask("INSERT INTO words VALUES ($1)", word)

    async def read(self, *, timeout_s: float = ENOUGH_S) -> str | None:
        try:
            return await self._ask("SELECT word FROM words", timeout_s=timeout_s)
        except asyncpg.UndefinedTableError:
            return None

    async def _ask(self, query: str, *values: object, timeout_s: float = ENOUGH_S) -> Any:
        async with asyncio.timeout(timeout_s):
            connection = await asyncpg.connect(self.address, timeout=timeout_s)
            try:
                return await connection.fetchval(query, *values)
            finally:
                connection.terminate()


class Entry:
    """A Valkey as a store."""

    def __init__(self, address: str) -> None:
        self.address = address

    async def write(self, word: str) -> None:
        async with redis.asyncio.Redis.from_url(self.address, socket_timeout=ENOUGH_S) as client:
            await client.set("word", word)

    async def read(self, *, timeout_s: float = ENOUGH_S) -> str | None:
        settings = {"socket_timeout": timeout_s, "socket_connect_timeout": timeout_s, "decode_responses": True}
        async with redis.asyncio.Redis.from_url(self.address, **settings) as client:
            return await client.get("word")


Started = Callable[[Path | None], AbstractContextManager[Kept]]
both = pytest.mark.parametrize(("started", "store"), [(postgres, Table), (valkey, Entry)], ids=["postgres", "valkey"])


@both
@pytest.mark.parametrize("fault", ["stop", "kill"])
async def test_a_server_starts_again_where_it_was_with_what_it_confirmed(
    started: Started, store: type[Any], fault: str, open_folder: Path
) -> None:
    """After its end connections are refused; after the start the same address has every confirmed write."""
    with started(open_folder) as server:
        client: Store = store(server.address)
        await client.write("confirmed")
        first = server.pid
        getattr(server, fault)()
        gone = not answers(urlsplit(server.address).port or 0)
        server.start()
        found = await client.read()
        second = server.pid

    assert gone
    assert found == "confirmed"
    assert first != second


@pytest.mark.parametrize("fault", ["stop", "kill"])
async def test_a_database_that_nobody_keeps_survives_its_own_end(fault: str) -> None:
    """Without a folder the data last as long as the block, however often its server ends: only the machine must not go down."""
    with postgres() as server:
        client = Table(server.address)
        await client.write("confirmed")
        getattr(server, fault)()
        server.start()
        found = await client.read()

    assert found == "confirmed"


async def test_a_cache_that_nobody_keeps_is_empty_after_a_restart() -> None:
    """Without a folder a Valkey has its data in memory alone."""
    with valkey() as server:
        client = Entry(server.address)
        await client.write("gone")
        server.stop()
        server.start()
        found = await client.read()

    assert found is None


@both
async def test_a_paused_server_holds_connections_and_answers_nothing(started: Started, store: type[Any]) -> None:
    """Connections to it are accepted by the kernel and wait; after it is resumed, it goes on as if nothing was."""
    with started(None) as server:
        client: Store = store(server.address)
        await client.write("before")
        server.pause()
        accepted = answers(urlsplit(server.address).port or 0)
        with pytest.raises((TimeoutError, redis.TimeoutError)):
            await client.read(timeout_s=IN_VAIN_S)
        server.resume()
        found = await client.read()

    assert accepted
    assert found == "before"


async def test_connections_that_a_database_has_are_paused_too() -> None:
    """Its processes for clients that are there already stop with it, and go on with it."""
    with postgres() as server:
        connection = await asyncpg.connect(server.address)
        server.pause()
        waiting = asyncio.create_task(connection.fetchval("SELECT 1"))
        done, _ = await asyncio.wait([waiting], timeout=IN_VAIN_S)
        server.resume()
        found = await waiting
        await connection.close()

    assert not done
    assert found == 1


async def test_a_killed_database_takes_the_work_for_its_clients_with_it() -> None:
    """No process of it outlives the kill, not even one amid a query that would go on for long."""
    with postgres() as server:
        connection = await asyncpg.connect(server.address)
        own = await connection.fetchval("SELECT pg_backend_pid()")
        sleeping = asyncio.create_task(connection.execute("SELECT pg_sleep(600)"))
        await _until_asleep(server.address)
        server.kill()
        with pytest.raises((asyncpg.PostgresError, OSError)):
            await sleeping
        connection.terminate()

    assert not psutil.pid_exists(own)


def test_a_killed_database_leaves_no_shared_memory() -> None:
    """The kernel would keep what the killed server had of it until the machine goes down; the keeper removes it."""
    with postgres() as server:
        first = server.pid
        before = _segments_of(first)
        server.kill()
        after = _segments_of(first)

    assert before
    assert not after


def _segments_of(pid: int | None) -> list[str]:
    lines = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    return [line for line in lines if line.split()[4] == str(pid)]


async def _until_asleep(address: str) -> None:
    connection = await asyncpg.connect(address)
    async with asyncio.timeout(ENOUGH_S):
        while not await connection.fetchval("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"):  # noqa: ASYNC110 - see below
            await asyncio.sleep(LOOK_S)  # the database tells nobody when a query begins
    await connection.close()


@both
async def test_forgotten_data_are_not_there_after_the_next_start(
    started: Started, store: type[Any], open_folder: Path
) -> None:
    """A server whose data were thrown away begins anew at the same address."""
    with started(open_folder) as server:
        client: Store = store(server.address)
        await client.write("old")
        server.stop()
        server.forget()
        server.start()
        found = await client.read()

    assert found is None


def test_data_of_a_server_that_runs_are_not_forgotten() -> None:
    """The owner is told to stop it first, and the server goes on."""
    with postgres() as server:
        with pytest.raises(StackError, match="PostgreSQL runs; stop it before its data are thrown away"):
            server.forget()
        server.check()


def test_a_server_that_ended_by_itself_is_reported_and_can_be_started_again() -> None:
    """The owner's next look raises the error; a start brings it back."""
    with valkey() as server:
        subprocess.run(["kill", "-SEGV", str(server.pid)], check=True)
        server.wait_for_end()
        with pytest.raises(StackError, match="Valkey has ended with"):
            server.check()
        server.start()
        server.check()


@pytest.mark.parametrize("kind", ["postgres", "valkey"])
@pytest.mark.parametrize("fault", ["pause", "kill"])
def test_nothing_is_left_of_a_server_whose_owner_was_killed_amid_a_fault(
    kind: str, fault: str, nothing_lives: Callable[[str], bool], gone: Callable[[Path], bool]
) -> None:
    """A paused server and a killed one, with the folders of both, are gone with their owner."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER.format(kind=kind, fault=fault)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None
    address, pid = owner.stdout.readline().split()
    folders = list(Path("/tmp").glob(f"climb-{kind}-*"))
    mine = [folder for folder in folders if _belongs_to(folder, urlsplit(address).port)]
    owner.send_signal(signal.SIGKILL)
    owner.communicate()

    assert len(mine) == 1
    assert (pid == "None") is (fault == "kill")
    assert nothing_lives(str(mine[0]))
    assert gone(mine[0])


def _belongs_to(folder: Path, port: int | None) -> bool:
    """Whether a server's folder names the port: in its configuration, its status, or what is left of that after a kill."""
    files = (folder / "valkey.conf", folder / "data" / "postmaster.pid")
    return any(file.exists() and str(port) in file.read_text().split() for file in files)


def test_a_server_whose_keeper_was_killed_is_ended_by_the_kernel(nothing_lives: Callable[[str], bool]) -> None:
    """The owner's next look says that the keeper has ended, and the server is not there any more."""
    with valkey() as server:
        address = urlsplit(server.address).netloc.rpartition("@")[2]
        psutil.Process(server.pid).parent().kill()
        left = not nothing_lives(address)
        with pytest.raises(StackError, match="the keeper of Valkey has ended"):
            server.check()

    assert not left


async def test_settings_of_the_owners_count_for_a_database() -> None:
    """A setting reaches the server, such as a small number of connections."""
    with postgres(settings=["max_connections=9"]) as server:
        connection = await asyncpg.connect(server.address)
        found = await connection.fetchval("SHOW max_connections")
        await connection.close()

    assert found == "9"


def test_a_server_can_be_asked_from_several_threads() -> None:
    """Requests of two threads do not take each other's answers, and the server runs at the end."""
    with valkey() as server, ThreadPoolExecutor() as pool:
        asked = [pool.submit(request) for _ in range(10) for request in (server.pause, server.resume, server.check)]
        for request in asked:
            request.result(ENOUGH_S)
        server.resume()
        server.wait_until_ready()
