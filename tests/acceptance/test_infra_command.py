"""``climb infra`` as a user meets it: servers that stay, their addresses, what is said of them, and their end."""

import asyncio
import json
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import psutil
import pytest
from redis import Redis

ENOUGH_S = 60.0
LOOK_S = 0.02
CLOSED_TO_OTHERS = 0o700


class Infra:
    """The command ``climb infra`` with a home of its own, of which nothing is left at the end."""

    def __init__(self, climb, home: Path) -> None:
        self.climb = climb
        self.home = home
        self.environment = {**climb.environment, "CLIMB_HOME": str(home)}

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.climb("infra", *words, environment=self.environment)

    def addresses(self, *words: str) -> dict[str, str]:
        """The variables that a shell would get from these words."""
        done = self(*words)
        assert done.returncode == 0, done.stderr
        return exported(done.stdout)

    def servers(self) -> dict[str, dict]:
        """What ``status --json`` says, by the servers' names."""
        done = self("status", "--json")
        return {server["name"]: server for server in json.loads(done.stdout)["servers"]}

    def record(self, name: str) -> dict:
        return json.loads((self.home / "infra" / name / "record.json").read_text())

    def end(self) -> None:
        done = self("down", "--forget")
        assert done.returncode == 0, done.stderr


@pytest.fixture
def homes(climb, tmp_path: Path) -> Iterator[Callable[[str], Infra]]:
    """Makes homes whose servers are ended with the test."""
    made: list[Infra] = []

    def make(name: str) -> Infra:
        made.append(Infra(climb, tmp_path / name))
        return made[-1]

    yield make
    for infra in made:
        infra.end()


@pytest.fixture
def infra(homes: Callable[[str], Infra]) -> Infra:
    """The command, with a home in which nothing runs, and whose name has what shells and files of settings trip over."""
    return homes("home of 'a \"learner\"'")


def exported(text: str) -> dict[str, str]:
    """The variables of lines such as ``export NAME=value``."""
    lines = [shlex.split(line) for line in text.splitlines()]
    assert all(words[0] == "export" and len(words) == 2 for words in lines), text
    return dict(words[1].split("=", 1) for words in lines)


def ask(address: str, query: str) -> object:
    async def asked() -> object:
        connection = await asyncpg.connect(address)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return asyncio.run(asked())


def until(true: Callable[[], object], what: str) -> None:
    end = time.monotonic() + ENOUGH_S
    while not true():
        assert time.monotonic() < end, f"not within {ENOUGH_S} s: {what}"
        time.sleep(LOOK_S)


@pytest.mark.slow
def test_servers_stay_and_keep_their_addresses_and_data(infra: Infra) -> None:
    """All three answer after the command has ended; after down and up they are where they were, with what was written."""
    first = infra.addresses("up")
    ask(first["DATABASE_URL"], "CREATE TABLE kept AS SELECT 42 AS answer")
    with Redis.from_url(first["CACHE_URL"]) as client:
        client.set("kept", "yes")
    again = infra.addresses("up")
    ended = infra("down")
    off = infra("env")
    second = infra.addresses("up")
    answer = ask(second["DATABASE_URL"], "SELECT answer FROM kept")
    with Redis.from_url(second["CACHE_URL"]) as client:
        kept = client.get("kept")

    assert set(first) == {"DATABASE_URL", "CACHE_URL", "KAFKA_BOOTSTRAP_SERVERS"}
    assert first == again == second == infra.addresses("env")
    assert ended.stdout.count("has ended") == 3
    assert (off.returncode, off.stdout) == (3, "")
    assert "try: climb infra up" in off.stderr
    assert (answer, kept) == (42, b"yes")


@pytest.mark.slow
def test_forgotten_data_are_gone(infra: Infra) -> None:
    """After ``down --forget`` the next start begins without data and with another password."""
    first = infra.addresses("up", "cache")
    folder = Path(infra.record("cache")["folder"])
    with Redis.from_url(first["CACHE_URL"]) as client:
        client.set("kept", "no")
    infra("down", "cache", "--forget")
    there = folder.exists()
    second = infra.addresses("up", "cache")
    with Redis.from_url(second["CACHE_URL"]) as client:
        found = client.get("kept")

    assert not there
    assert found is None
    assert urlsplit(first["CACHE_URL"]).password != urlsplit(second["CACHE_URL"]).password


@pytest.mark.slow
def test_two_homes_do_not_meet(homes: Callable[[str], Infra]) -> None:
    """Each home has a server of its own; ending one leaves the other."""
    one, other = homes("one"), homes("other")
    ones, others = one.addresses("up", "cache"), other.addresses("up", "cache")
    one("down")
    with Redis.from_url(others["CACHE_URL"]) as client:
        answered = client.ping()

    assert urlsplit(ones["CACHE_URL"]).port != urlsplit(others["CACHE_URL"]).port
    assert answered
    assert one.servers()["cache"]["condition"] == "off"
    assert other.servers()["cache"]["condition"] == "running"


@pytest.mark.slow
def test_the_status_tells_what_runs(infra: Infra) -> None:
    """For what runs: version, address, since when, memory and the log; without the password unless a script asks."""
    address = infra.addresses("up", "cache")["CACHE_URL"]

    server = infra.servers()["cache"]
    shown = infra("status")

    assert server["condition"] == "running"
    assert server["address"] == address
    assert server["version"].startswith("9.")
    assert server["memory_bytes"] > 500_000
    assert Path(server["log"]).read_text()
    assert psutil.Process(server["process"]).name().startswith("valkey")
    assert shown.returncode == 0
    assert str(urlsplit(address).password) not in shown.stdout
    assert f"127.0.0.1:{server['port']}" in shown.stdout
    assert shown.stdout.count("is off") == 2


@pytest.mark.slow
def test_what_others_may_not_read_is_closed_to_them(infra: Infra) -> None:
    """Records and passwords can be read by this user or the server's alone, and the data folder entered by no other."""
    infra.addresses("up", "cache")
    record = infra.home / "infra" / "cache" / "record.json"
    data = Path(infra.record("cache")["folder"])

    assert record.stat().st_mode & 0o077 == 0
    assert (data / "password").stat().st_mode & 0o077 == 0
    assert data.stat().st_mode & 0o777 == CLOSED_TO_OTHERS


@pytest.mark.slow
def test_a_server_that_ended_by_itself_is_told_from_one_that_was_ended(infra: Infra) -> None:
    """The status says so, with its exit code, its log and the next command, which brings it back."""
    before = infra.addresses("up", "cache")
    os.kill(infra.servers()["cache"]["process"], signal.SIGKILL)
    until(lambda: infra.servers()["cache"]["condition"] == "ended", "the status knows")
    shown = infra("status")
    after = infra.addresses("up", "cache")

    assert shown.returncode == 3
    assert "has ended by itself, with -9" in shown.stdout
    assert "try: climb infra up cache" in shown.stdout
    assert before == after


@pytest.mark.slow
def test_a_server_whose_holder_was_killed_is_lost_and_nothing_is_left(
    infra: Infra, nothing_lives: Callable[[str], bool]
) -> None:
    """The server ends with what held it; the status says so, and the next start brings it back."""
    before = infra.addresses("up", "cache")
    record = infra.record("cache")
    os.kill(record["holder"], signal.SIGKILL)
    until(lambda: not psutil.pid_exists(record["server"]), "the server's end")
    shown = infra("status")
    after = infra.addresses("up", "cache")

    assert shown.returncode == 3
    assert "was killed together with what held it" in shown.stdout
    assert before == after


@pytest.mark.slow
def test_a_server_that_hangs_is_told_from_one_that_answers(infra: Infra) -> None:
    """A stopped process is said to be there and not to answer, also by ``up``; ``down`` ends it all the same."""
    infra.addresses("up", "cache")
    process = infra.servers()["cache"]["process"]
    os.kill(process, signal.SIGSTOP)
    shown, started = infra("status"), infra("up", "cache")
    os.kill(process, signal.SIGCONT)
    ended = infra("down", "cache")

    assert shown.returncode == 3
    assert (
        f"does not answer on 127.0.0.1:{infra.record('cache')['port']}, though process {process} is there"
        in shown.stdout
    )
    assert started.returncode == 3
    assert started.stdout == ""
    assert "Valkey is there and does not answer" in started.stderr
    assert "has ended" in ended.stdout


@pytest.mark.slow
def test_another_program_on_the_port_is_named_and_passed_by(infra: Infra) -> None:
    """If somebody else has got the port of a server that was killed, the status names who, and the next start takes another."""
    before = infra.addresses("up", "cache")
    record = infra.record("cache")
    os.kill(record["holder"], signal.SIGKILL)
    until(lambda: not psutil.pid_exists(record["server"]), "the server's end")
    words = ["python3", "-m", "http.server", "--bind", "127.0.0.1", str(record["port"])]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as stranger:
        try:
            until(lambda: infra.servers()["cache"]["port_taken_by"], "the other program listens")
            shown = infra("status")
            after = infra.addresses("up", "cache")
        finally:
            stranger.kill()

    assert f"process {stranger.pid}" in shown.stdout
    assert urlsplit(after["CACHE_URL"]).port != urlsplit(before["CACHE_URL"]).port


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["interrupt", "kill"])
def test_a_start_that_is_broken_off_leaves_nothing(
    infra: Infra, number: signal.Signals, nothing_lives: Callable[[str], bool]
) -> None:
    """After a Ctrl-C while the database is made, or a kill of the command, no process is left, and the next start is whole."""
    command = subprocess.Popen(
        [infra.climb.command, "infra", "up", "database"],
        env=infra.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    record = infra.home / "infra" / "database" / "record.json"
    until(record.exists, "the holder's start")
    os.killpg(command.pid, number)
    command.communicate(timeout=ENOUGH_S)

    assert command.returncode == (130 if number == signal.SIGINT else -number)
    assert nothing_lives(str(infra.home))
    assert nothing_lives(json.loads(record.read_text())["folder"])
    assert infra.servers()["database"]["condition"] == "off"
    assert ask(infra.addresses("up", "database")["DATABASE_URL"], "SELECT 1") == 1


@pytest.mark.slow
def test_a_server_that_does_not_start_says_why_and_leaves_the_others(infra: Infra) -> None:
    """The error has the server's own words and a way out; what could be started runs, and its address is printed."""
    infra.addresses("up", "cache")
    infra("down")
    (Path(infra.record("cache")["folder"]) / "data" / "appendonly.aof.manifest").write_text("garbage\n")
    done = infra("up", "cache", "broker")
    shown = infra("status")
    infra("down", "cache", "--forget")
    after = infra.addresses("up", "cache")

    assert done.returncode == shown.returncode == 3
    assert set(exported(done.stdout)) == {"KAFKA_BOOTSTRAP_SERVERS"}
    assert "Valkey has ended with 1; it said:" in done.stderr
    assert "Invalid AOF manifest file format" in done.stderr
    assert "try: climb infra down cache --forget" in done.stderr
    assert "did not start" in shown.stdout
    assert set(after) == {"CACHE_URL"}


@pytest.mark.slow
def test_two_starts_at_once_make_one_server(infra: Infra) -> None:
    """The second waits for the first, and finds what that has started."""
    words = [infra.climb.command, "infra", "up", "cache"]
    both = [subprocess.Popen(words, env=infra.environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [command.communicate(timeout=ENOUGH_S)[0] for command in both]

    assert said[0] == said[1] != ""
    assert [command.returncode for command in both] == [0, 0]


def test_a_name_that_is_none_is_refused(infra: Infra) -> None:
    """The error lists the names, and nothing is started."""
    done = infra("up", "mongo")

    assert done.returncode == 2
    assert "'database', 'cache', 'broker'" in done.stderr
    assert not (infra.home / "infra").exists()


def test_a_home_that_cannot_be_used_is_an_error_of_the_setup(infra: Infra) -> None:
    """The error says which folder it is."""
    infra.home.mkdir()
    (infra.home / "infra").write_text("a file in the way")
    done = infra("up", "cache")
    (infra.home / "infra").unlink()

    assert done.returncode == 3
    assert f"{infra.home / 'infra'} can't be used" in done.stderr
