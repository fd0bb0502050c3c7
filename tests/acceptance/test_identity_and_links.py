"""``climb serve identity`` and ``climb serve links`` as installed commands: a token of the one is good for the other."""

import json
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from climb.stack.ports import held_port

pytestmark = pytest.mark.slow

ENOUGH_S = 60.0
LOOK_S = 0.02
PERSON = {"email": "ada@example.org", "password": "correct horse battery"}
ADMIN = {"email": "root@example.org", "password": "another horse battery"}


class Serving:
    """A command that serves, what it has printed, and the processes that it has started."""

    def __init__(self, climb, words: list[str], out: Path, environment: dict[str, str]) -> None:
        self.out = out
        with out.open("wb") as written:
            self.process = subprocess.Popen(
                [climb.command, "serve", *words],
                cwd=climb.folder,
                env={**climb.environment, "ADMIN_PASSWORD": ADMIN["password"], **environment},
                stdout=written,
                stderr=subprocess.STDOUT,
            )
        self.all = psutil.Process(self.process.pid)
        self.port = words[words.index("--port") + 1]
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", trust_env=False, timeout=20)

    def says(self, pattern: str) -> str:
        """What was printed that is like that, once it was."""
        end = time.monotonic() + ENOUGH_S
        while not (found := re.search(pattern, self.out.read_text())):
            assert self.process.poll() is None, self.out.read_text()
            assert time.monotonic() < end, self.out.read_text()
            time.sleep(LOOK_S)
        return found[0]

    def end(self, number: signal.Signals) -> tuple[int, list[psutil.Process]]:
        """The exit code after that signal, and what is left of all that it had started."""
        family = self.all.children(recursive=True)
        self.process.send_signal(number)
        code = self.process.wait(ENOUGH_S)
        _, left = psutil.wait_procs(family, timeout=5)
        return code, left

    def kill(self) -> None:
        """At the end of a test that failed, too."""
        self.client.close()
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(ENOUGH_S)


@pytest.fixture
def serving(climb, tmp_path: Path) -> Iterator[Callable[..., Serving]]:
    """Starts services; all of them have ended with the test."""
    started: list[Serving] = []

    def start(*words: str, **environment: str) -> Serving:
        started.append(Serving(climb, list(words), tmp_path / f"out-{len(started)}", environment))
        return started[-1]

    yield start
    for one in started:
        one.kill()


@pytest.fixture
def ports() -> Iterator[tuple[str, str]]:
    """One for each of the two."""
    with held_port() as first, held_port() as second:
        yield str(first), str(second)


def both(serving: Callable[..., Serving], ports: tuple[str, str], **environment: str) -> tuple[Serving, Serving]:
    """Identity, and links that take its tokens, ready."""
    identity = serving("identity", "--port", ports[0], "--admin", ADMIN["email"], **environment)
    identity.says("curl .*/v1/sessions")
    issuer = f"http://127.0.0.1:{ports[0]}"
    links = serving("links", "--port", ports[1], "--issuer", issuer, **environment)
    links.says(f"Tokens: those of {issuer}")
    return identity, links


def registered(identity: Serving) -> None:
    """An account, made by the line that stands in the message."""
    assert identity.client.post("/v1/registrations", json=PERSON).status_code == 202
    words = shlex.split(identity.says(r"curl .*/v1/confirmations"))
    body = json.loads(words[words.index("-d") + 1])
    assert identity.client.post(words[-1], json=body).status_code == 201


def bearer(identity: Serving, who: dict[str, str] = PERSON) -> dict[str, str]:
    """The field for somebody who has just logged in."""
    return {"Authorization": f"Bearer {identity.client.post('/v1/sessions', json=who).json()['access_token']}"}


def clicks(links: Serving, code: str, field: dict[str, str], at_least: int) -> int:
    """How often it was followed, once that is so much."""
    end = time.monotonic() + ENOUGH_S
    while (total := links.client.get(f"/v1/links/{code}/clicks", headers=field).json()["total"]) < at_least:
        assert time.monotonic() < end, total
        time.sleep(LOOK_S)
    return total


def test_a_token_from_identity_works_in_links(serving: Callable[..., Serving], ports: tuple[str, str]) -> None:
    """With nothing given: a link is made, followed and counted; a new key is known; nothing is left running, and all is there again."""
    identity, links = both(serving, ports)
    registered(identity)
    field = bearer(identity)
    made = links.client.post("/v1/links", json={"url": "https://example.org/", "code": "first"}, headers=field)
    followed = links.client.get("/first")
    total = clicks(links, "first", field, 1)
    rotated = identity.client.post("/v1/keys", headers=bearer(identity, ADMIN)).status_code
    by_new_key = bearer(identity)
    end = time.monotonic() + 2 * ENOUGH_S
    while (listed := links.client.get("/v1/links", headers=by_new_key)).status_code == 401:
        assert time.monotonic() < end  # an unknown key is asked for once in ten seconds
        time.sleep(LOOK_S)
    old = links.client.get("/v1/links", headers=field).status_code
    ended = links.end(signal.SIGINT), identity.end(signal.SIGTERM)
    identity, links = both(serving, ports)
    again = links.client.get("/v1/links/first", headers=bearer(identity)).json()
    ended_again = links.end(signal.SIGTERM), identity.end(signal.SIGINT)

    assert (made.status_code, followed.status_code, total, rotated) == (201, 302, 1, 201)
    assert [item["code"] for item in listed.json()["items"]] == ["first"]
    assert old == 200
    assert again["clicks"] == 1
    assert ended == ended_again == ((0, []), (0, []))


def test_both_stand_on_servers_that_are_given(climb, serving: Callable[..., Serving], ports: tuple[str, str]) -> None:
    """By the variables that ``climb infra up`` sets: they share one database, start none of their own, and leave those running."""
    up = climb("infra", "up", "database", "cache")
    try:
        given = dict(shlex.split(line)[1].split("=", 1) for line in up.stdout.splitlines())
        identity, links = both(serving, ports, **given)
        registered(identity)
        field = bearer(identity)
        made = links.client.post("/v1/links", json={"url": "https://example.org/", "code": "first"}, headers=field)
        followed = links.client.get("/first")
        children = [one.all.children(recursive=True) for one in (identity, links)]
        codes = [one.end(signal.SIGINT)[0] for one in (links, identity)]
        status = climb("infra", "status", "--json")
    finally:
        climb("infra", "down", "--forget")
    servers = {server["name"]: server["condition"] for server in json.loads(status.stdout)["servers"]}

    assert (made.status_code, followed.status_code) == (201, 302)
    assert children == [[], []]
    assert codes == [0, 0]
    assert (servers["database"], servers["cache"]) == ("running", "running")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["identity", "--admin", "nobody"], "--admin: has no @", id="admin"),
        pytest.param(["identity", "--issuer", "here"], "--issuer here: expected", id="issuer"),
        pytest.param(["links", "--public-url", "here"], "--public-url here: expected", id="address"),
        pytest.param(["links", "--cache-url", "http://here"], "not the address of a cache", id="cache"),
    ],
)
def test_what_is_wrong_is_said_in_the_words_of_the_command(climb, words: list[str], said: str) -> None:
    """By the option's name, before a server is started."""
    done = climb("serve", *words)

    assert done.returncode == 3
    assert said in done.stderr
    assert not list(climb.folder.glob("home/*/database"))
