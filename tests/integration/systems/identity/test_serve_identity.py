"""``climb serve identity`` as people run it: it brings its database along, and its data are there the next time."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from climb.stack.ports import held_port

pytestmark = pytest.mark.slow

PERSON = {"email": "ada@example.org", "password": "correct horse battery"}


class Tool:
    """The command, and what it has printed so far."""

    def __init__(self, out: Path, words: list[str], environment: dict[str, str]) -> None:
        self.out = out
        command = [sys.executable, "-m", "climb", "serve", "identity", *words]
        with out.open("wb") as written:
            self.process = subprocess.Popen(command, stdout=written, stderr=subprocess.STDOUT, env=environment)

    def says(self, pattern: str, within_s: float = 60) -> str:
        """What was printed that is like that, once it was."""
        end = time.monotonic() + within_s
        while not (found := re.search(pattern, self.out.read_text())):
            assert self.process.poll() is None, self.out.read_text()
            assert time.monotonic() < end, self.out.read_text()
            time.sleep(0.05)
        return found[0]

    def end(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)


@pytest.fixture
def tool(tmp_path: Path) -> Iterator[Callable[..., Tool]]:
    """Starts the command with a home of its own."""
    home = tmp_path / "home"
    environment = {**os.environ, "CLIMB_HOME": str(home), "COLUMNS": "200"}
    for name in ("DATABASE_URL", "ADMIN_PASSWORD"):
        environment.pop(name, None)
    started: list[Tool] = []

    def start(*words: str, **more: str) -> Tool:
        started.append(Tool(tmp_path / f"out-{len(started)}", list(words), {**environment, **more}))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


def test_a_person_registers_by_what_it_prints(tool: Callable[..., Tool], open_place: Path) -> None:
    """The message is a line for a shell; after Ctrl-C and another start the account is there, and so is the admin."""
    with held_port() as port:
        words = ["--port", str(port), "--data", str(open_place), "--admin", "root@example.org"]
        first = tool(*words)
        first.says("curl .*/v1/sessions")
        url = f"http://127.0.0.1:{port}"
        registered = httpx.post(f"{url}/v1/registrations", json=PERSON, trust_env=False)
        body = shlex.split(first.says(r"curl .*/v1/confirmations"))
        confirmed = httpx.post(body[-1], json=json.loads(body[body.index("-d") + 1]), trust_env=False)
        code = first.end()
        again = tool(*words)
        again.says("curl .*/v1/sessions")
        admin = {"email": "root@example.org", "password": (open_place / "admin-password").read_text()}
        logins = [httpx.post(f"{url}/v1/sessions", json=who, trust_env=False).status_code for who in (PERSON, admin)]
        ended = again.end()

    assert (registered.status_code, confirmed.status_code, code) == (202, 201, 0)
    assert (logins, ended) == ([200, 200], 0)


def test_a_port_in_use_is_told_with_another_one(tool: Callable[..., Tool]) -> None:
    """Before anything is started."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = tool("--port", str(port))
        code = refused.process.wait(30)

    assert code == 3
    assert f"127.0.0.1:{port} can't be used" in refused.out.read_text()
    assert f"climb serve identity --port {port + 1}" in refused.out.read_text()


def test_a_wrong_value_is_told(tool: Callable[..., Tool]) -> None:
    """As the service says it, and nothing is started."""
    with held_port() as port:
        refused = tool("--port", str(port), "--database-url", "mysql://a:secret@b/c", "--mail", "nowhere")
        code = refused.process.wait(30)

    assert code == 3
    assert "--database-url" in refused.out.read_text()
    assert "secret" not in refused.out.read_text()
