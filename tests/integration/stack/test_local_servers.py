"""Real servers from wheels: they answer, and they are gone with their owner, however that ends."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from climb.stack import local
from climb.stack.errors import StackError
from climb.stack.ports import free_port
from climb.stack.server import Order, kept

OWNER = """
import sys
from climb.stack.local import {kind}
with {kind}(environment={{}}) as address:
    print(address, flush=True)
    sys.stdin.read()
"""


@pytest.mark.slow
async def test_a_database_answers_and_is_gone_after_the_block(nothing_lives: Callable[[str], bool]) -> None:
    """PostgreSQL of the block's own takes queries, and ends with the block."""
    with local.database(environment={}) as address:
        connection = await asyncpg.connect(address)
        version = await connection.fetchval("SHOW server_version")
        await connection.close()
        port = address.split(":")[-1].split("/")[0]

    assert version.startswith("18")
    assert nothing_lives(f"port={port}")


@pytest.mark.slow
async def test_a_database_with_a_folder_keeps_its_data(open_folder: Path) -> None:
    """What one block wrote, the next one with the same folder finds."""
    for statement in ("CREATE TABLE kept AS SELECT 42 AS answer", "SELECT 1"):
        with local.database(folder=open_folder, environment={}) as address:
            connection = await asyncpg.connect(address)
            await connection.execute(statement)
            found = await connection.fetchval("SELECT answer FROM kept")
            await connection.close()

    assert found == 42


@pytest.mark.slow
def test_a_broker_keeps_messages_while_the_block_lasts(nothing_lives: Callable[[str], bool]) -> None:
    """What is produced to the broker can be consumed from it, and it ends with the block."""
    with local.broker(environment={}) as address:
        admin = AdminClient({"bootstrap.servers": address})
        admin.create_topics([NewTopic("t", 1, 1)])["t"].result(30)
        producer = Producer({"bootstrap.servers": address})
        producer.produce("t", b"hello")
        producer.flush(30)
        settings = {"bootstrap.servers": address, "group.id": "g", "auto.offset.reset": "earliest"}
        consumer = Consumer({**settings, "session.timeout.ms": 6000})
        consumer.subscribe(["t"])
        message = consumer.poll(30)
        consumer.close()

    assert message is not None
    assert message.value() == b"hello"
    assert nothing_lives(f"tcp://{address}")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["database", "cache", "broker"])
def test_a_server_is_gone_with_an_owner_that_was_killed(
    kind: str, nothing_lives: Callable[[str], bool], gone: Callable[[Path], bool]
) -> None:
    """After kill -9 of the owner neither the server nor its folder is left."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER.format(kind=kind)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    address = owner.stdout.readline().strip()
    port = address.split(":")[-1].split("/")[0]
    folders = _scratch_folders(port)
    owner.send_signal(signal.SIGKILL)
    owner.communicate()

    assert port.isdigit()
    assert folders
    assert nothing_lives({"database": f"port={port}", "cache": f"127.0.0.1:{port}", "broker": f"tcp://{address}"}[kind])
    assert all(gone(folder) for folder in folders)


def _scratch_folders(port: str) -> list[Path]:
    """The folders of a server, told by the working directory of the processes that name its port."""
    found = set()
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                named = port.encode() in process.joinpath("cmdline").read_bytes()
                place = process.joinpath("cwd").readlink()
            except OSError:
                continue
            if named:
                found |= {folder for folder in (place, *place.parents) if folder.name.startswith("climb-")}
    return sorted(found)


def test_an_address_in_the_environment_replaces_them() -> None:
    """Where an address is given nothing is started."""
    with local.database(environment={"DATABASE_URL": "postgresql://elsewhere/db"}) as database:
        pass
    with local.broker(environment={"KAFKA_BOOTSTRAP_SERVERS": "elsewhere:9092"}) as broker:
        pass
    with local.cache(environment={"CACHE_URL": "valkey://elsewhere:6379/1"}) as cache:
        pass

    assert database == "postgresql://elsewhere/db"
    assert broker == "elsewhere:9092"
    assert cache == "redis://elsewhere:6379/1"


def test_a_wrong_address_in_the_environment_is_named_without_its_password() -> None:
    """The error says which variable is wrong, why, and what a right one looks like; the secret in it is not shown."""
    wrong = {"CACHE_URL": "http://:s3cret@elsewhere"}

    with pytest.raises(StackError) as caught, local.cache(environment=wrong):
        pass

    assert str(caught.value).startswith("CACHE_URL is not the address of a cache: it begins with http://")
    assert caught.value.next_step == "CACHE_URL=redis://127.0.0.1:6379/0"
    assert "s3cret" not in str(caught.value)


def test_a_server_that_ends_at_once_says_why(tmp_path: Path) -> None:
    """The error has the exit code and the last words."""
    order = Order(
        name="the server", command=["/bin/sh", "-c", "echo no room; exit 7"], folder=tmp_path, log=tmp_path / "log"
    )

    with (
        pytest.raises(StackError, match=r"the server has ended with 7; it said:\n  no room"),
        kept(order, lambda: False, within_s=30),
    ):
        pass


def test_a_server_that_is_not_there_is_an_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The error names the program and what is wrong with it, and nothing else is said."""
    order = Order(name="the server", command=["/nowhere/server"], folder=tmp_path, log=tmp_path / "log")

    with (
        pytest.raises(
            StackError, match=r"the server has ended with 127; it said:\n  /nowhere/server can't be started: .*No such"
        ),
        kept(order, lambda: False, within_s=30),
    ):
        pass
    assert capfd.readouterr() == ("", "")


def test_a_server_that_is_never_ready_is_given_up(tmp_path: Path, nothing_lives: Callable[[str], bool]) -> None:
    """After the deadline the error says so, and the server is gone."""
    words = ["/bin/sleep", f"6{free_port()}"]
    order = Order(name="the server", command=words, folder=tmp_path, log=tmp_path / "log")

    with (
        pytest.raises(StackError, match=r"the server was not ready within 0\.2 s, and said nothing"),
        kept(order, lambda: False, within_s=0.2),
    ):
        pass
    assert nothing_lives(words[1])
