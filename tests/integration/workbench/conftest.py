"""The real workbench on a free port with a home of its own, and a client that behaves like a browser on one of its pages."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

DEADLINE_S = 30.0  # of what takes a second at most on an idle machine
NAVIGATION = {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
FORM = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
STREAM = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Accept": "text/event-stream"}

# A scanner that holds stage 1, and no other: it knows no ranges. RATHER may put something in front of what it does.
SCANNER = """
import json, socket, sys, time
from pathlib import Path
RATHER
began, host, ports = time.monotonic(), sys.argv[1], [int(port) for port in sys.argv[3].split(",")]
opened = 0
for port in ports:
    with socket.socket() as client:
        client.settimeout(1)
        if client.connect_ex((host, port)) == 0:
            opened += 1
            row = dict.fromkeys(("service", "banner", "http", "tls"))
            print(json.dumps({"host": host, "port": port, "state": "open", "rtt_ms": 0.1, **row}))
counts = {"hosts": 1, "ports": len(ports), "open": opened, "closed": len(ports) - opened, "filtered": 0}
print(json.dumps({"summary": {**counts, "elapsed_s": time.monotonic() - began}}))
"""


class Browser:
    """Reads pages and sends their forms, with the headers that a browser adds and the token that a page holds."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.client = httpx.Client(base_url=origin, trust_env=False, timeout=DEADLINE_S, follow_redirects=False)
        self._token = ""

    def open(self, address: str, **headers: str) -> httpx.Response:
        """Follow a link, without following redirects."""
        return self.client.get(address, headers={**NAVIGATION, **headers})

    def read(self, address: str) -> str:
        """The text of a page that must be there, redirects followed."""
        answer = self.client.get(address, headers=NAVIGATION, follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return answer.text

    @property
    def token(self) -> str:
        """The token of the forms, from a page that has one."""
        if not self._token:
            found = re.search(r'name="token" value="([\w-]+)"', self.read("/projects/scanner"))
            assert found is not None
            self._token = found[1]
        return self._token

    def send(self, address: str, **fields: str) -> httpx.Response:
        """Send a form, without following redirects."""
        headers = {**FORM, "Origin": self.origin}
        return self.client.post(address, data={"token": self.token, **fields}, headers=headers)

    def check(self, folder: Path, **fields: str) -> str:
        """Have a folder judged; the address of the run's page, or of its place in line."""
        answer = self.send("/checks", folder=str(folder), **fields)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    @contextlib.contextmanager
    def events(self, run: str) -> Iterator[Iterator[tuple[str, str]]]:
        """The events of a run's page as (name, data); leaving the block closes the connection."""
        with self.client.stream("GET", f"{run}/events", headers=STREAM) as answer:
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            yield _events(answer)

    def to_the_end(self, run: str) -> list[tuple[str, str]]:
        """All events of a run's page from now to ``done``."""
        with self.events(run) as events:
            return list(events)

    def waits_for(self, address: str, text: str) -> str:
        """The page, once it holds a text."""
        end = time.monotonic() + DEADLINE_S
        while text not in (page := self.read(address)):
            assert time.monotonic() < end, f"{text!r} never came:\n{page}"
            time.sleep(0.02)
        return page


def _events(answer: httpx.Response) -> Iterator[tuple[str, str]]:
    name, data = "", []
    for line in answer.iter_lines():
        key, _, value = line.partition(": ")
        if key == "event":
            name = value
        elif key == "data" or line == "data:":
            data.append(value)
        elif not line and name:
            yield name, "\n".join(data)
            if name == "done":
                return
            name, data = "", []


class Workbench:
    """``climb up`` in a process. ``mark`` is in the environment of everything that it starts."""

    def __init__(self, folder: Path, *words: str, home: Path | None = None, **options: Any) -> None:
        self.folder = folder
        self.home = home or folder / "home"
        self.mark = f"workbench_{uuid.uuid4().hex}"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CLIMB_")}
        self.environment = {**environment, "CLIMB_HOME": str(self.home), self.mark: "1", "PYTHONUTF8": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "climb", "up", "--no-browser", *(words or ("--port", "0"))],
            cwd=folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", self.said)
        if found is None:
            out, err = self.process.communicate(timeout=DEADLINE_S)
            raise RuntimeError(f"{self.said}{out}{err}")
        self.port = int(found[1])
        self.browser = Browser(found[0])

    def climb(self, *words: str, **options: Any) -> "subprocess.Popen[str]":
        """A command in a terminal of the same learner."""
        command = [sys.executable, "-m", "climb", *words]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, cwd=self.folder, env=self.environment, text=True, **{**pipes, **options})

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """End it; its exit code and what it said on standard error."""
        self.browser.client.close()
        if self.process.poll() is None:
            self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=DEADLINE_S)
        return self.process.returncode, errors


@pytest.fixture
def start_workbench(tmp_path: Path, nothing_lives: Callable[[str], bool]) -> Iterator[Callable[..., Workbench]]:
    """Starts workbenches; at the end of the test they are ended, and nothing of them is left."""
    started: list[Workbench] = []

    def start(*words: str, **options: Any) -> Workbench:
        started.append(Workbench(tmp_path, *words, **options))
        return started[-1]

    yield start
    for each in started:
        each.end()
    assert all(nothing_lives(each.mark) for each in started)


@pytest.fixture
def workbench(start_workbench: Callable[..., Workbench]) -> Workbench:
    """A workbench of this test's own: for those that end it, or look at its processes."""
    return start_workbench()


@pytest.fixture(scope="module")
def shared_workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """A workbench that the tests of a module share, since its start takes as long as all that most of them do."""
    shared = Workbench(tmp_path_factory.mktemp("shared"))
    yield shared
    code, errors = shared.end()
    complaints = [line for line in errors.splitlines() if "Invalid HTTP request" not in line]  # which some tests send
    assert (code, complaints) == (0, [])
    assert not any(_carries(process, shared.mark) for process in psutil.process_iter())


@pytest.fixture
def browser(shared_workbench: Workbench) -> Browser:
    """A browser on the workbench that the tests of a module share."""
    return shared_workbench.browser


def _carries(process: psutil.Process, mark: str) -> bool:
    try:
        return mark in process.environ() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


@pytest.fixture
def scanner(tmp_path: Path) -> Callable[..., Path]:
    """Makes a submission folder whose program holds stage 1 and fails in stage 2, or does ``rather`` something first."""

    def make(name: str = "scanner", *, rather: str = "", source: str | None = None, **manifest: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        program = SCANNER.replace("RATHER", rather) if source is None else source
        folder.joinpath("program.py").write_text(program, encoding="utf-8")
        keys = {"project": "scanner", "language": "python", "run": f"{sys.executable} -I -S program.py", **manifest}
        lines = [f"{key} = '''{value}'''\n" for key, value in keys.items()]
        folder.joinpath("climb.toml").write_text("".join(lines), encoding="utf-8")
        return folder

    return make


class Gate:
    """A place where a program waits: ``WAIT`` in its source; ``open()`` lets it go on, ``reached()`` waits until it is there."""

    def __init__(self, folder: Path) -> None:
        self._open, self._reached = folder / "gate-open", folder / "gate-reached"
        self.code = (
            f"Path({str(self._reached)!r}).touch()\nwhile not Path({str(self._open)!r}).exists(): time.sleep(0.005)\n"
        )

    def open(self) -> None:
        self._open.touch()

    def reached(self) -> None:
        end = time.monotonic() + DEADLINE_S
        while not self._reached.exists():
            assert time.monotonic() < end, "the program never came to the gate"
            time.sleep(0.005)


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """A gate for programs of ``scanner(rather=gate.code)``."""
    return Gate(tmp_path)
