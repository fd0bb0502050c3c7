"""The workbench in a real Chromium: served by the real command, with a home of its own, and watched for all that a page must not do."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from climb.course.loader import course
from climb.journal import entries as journal
from climb.labs import lab as labs, running
from climb.labs.result import Predicted
from climb.progress.answers import record, right_choice

playwright = pytest.importorskip("playwright.sync_api", reason="the browser's tests need the package playwright")
RIGHT = Path(__file__).parents[1] / "right" / "scanner" / "python-threads"
DEADLINE_S = 60.0  # of what takes a few seconds at most on an idle machine
WIDE, PHONE = {"width": 1200, "height": 800}, {"width": 360, "height": 740}
FOREIGN_NAME = "another-site.test"  # leads to 127.0.0.1 in our browser, as a hostile name server could make it
TELL_VIOLATIONS = """addEventListener("securitypolicyviolation", (event) =>
    console.error(`content security policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`))"""

# A scanner that holds stage 1 and fails in stage 2, but first waits at a gate, which is a file.
GATED = """
import json, socket, sys, time
from pathlib import Path
Path({reached!r}).touch()
while not Path({opened!r}).exists(): time.sleep(0.005)
began, host, ports = time.monotonic(), sys.argv[1], [int(port) for port in sys.argv[3].split(",")]
found = 0
for port in ports:
    with socket.socket() as client:
        client.settimeout(1)
        if client.connect_ex((host, port)) == 0:
            found += 1
            row = dict.fromkeys(("service", "banner", "http", "tls"))
            print(json.dumps({{"host": host, "port": port, "state": "open", "rtt_ms": 0.1, **row}}))
counts = {{"hosts": 1, "ports": len(ports), "open": found, "closed": len(ports) - found, "filtered": 0}}
print(json.dumps({{"summary": {{**counts, "elapsed_s": time.monotonic() - began}}}}))
"""


class Workbench:
    """``climb up`` in a folder. ``mark`` is in the environment of everything that it starts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.mark = f"browser_tests_{uuid.uuid4().hex}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CLIMB_")}
        self.environment = {**kept, "CLIMB_HOME": str(self.home), self.mark: "1", "PYTHONUTF8": "1"}
        self.process: subprocess.Popen[str] | None = None
        self.origin = ""

    def serve(self, port: str = "0") -> "Workbench":
        """Start it, and read its address."""
        command = [sys.executable, "-m", "climb", "up", "--no-browser", "--port", port]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen(command, cwd=self.folder, env=self.environment, text=True, **pipes)
        said = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", said)
        assert found is not None, said + self.process.communicate(timeout=DEADLINE_S)[1]
        self.origin = found[0]
        return self

    def climb(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command in a terminal of the same learner."""
        command = [sys.executable, "-m", "climb", *words]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, text=True, capture_output=True, timeout=120
        )

    def end(self) -> tuple[int, str]:
        """Press Ctrl-C; the exit code, and what was said on standard error."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        _, errors = self.process.communicate(timeout=DEADLINE_S)
        return self.process.returncode, errors

    def threads(self, name: str = "threads") -> Path:
        """A folder with a right scanner in it."""
        return Path(shutil.copytree(RIGHT, self.folder / name))


class Gate:
    """A place where a submission's program waits; ``folder`` is the submission."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._opened, self._reached = folder / "gate-opened", folder / "gate-reached"
        source = GATED.format(reached=str(self._reached), opened=str(self._opened))
        folder.joinpath("program.py").write_text(source, encoding="utf-8")
        run = f"{sys.executable} -I -S program.py"
        manifest = f"project = 'scanner'\nlanguage = 'python'\nrun = '{run}'\n"
        folder.joinpath("climb.toml").write_text(manifest, encoding="utf-8")

    def open(self) -> None:
        """Let it go on."""
        self._opened.touch()

    def reached(self) -> None:
        """Wait until the program stands there."""
        end = time.monotonic() + DEADLINE_S
        while not self._reached.exists():
            assert time.monotonic() < end, "the program never came to the gate"
            time.sleep(0.005)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """A newcomer's workbench for all tests of a module: for those that change nothing."""
    started = Workbench(tmp_path_factory.mktemp("shared")).serve()
    yield started
    assert started.end() == (0, "")


@pytest.fixture
def workbench(tmp_path: Path, nothing_lives: Callable[[str], bool]) -> Iterator[Workbench]:
    """A newcomer's workbench: its home and its folder are empty. It ends without a complaint, and nothing of it is left."""
    started = Workbench(tmp_path).serve()
    yield started
    ended = started.end()
    assert ended == (0, "")
    assert nothing_lives(started.mark)


@pytest.fixture(scope="session")
def right_scanner() -> Path:
    """A folder with a scanner that holds every stage; to be copied."""
    return RIGHT


@pytest.fixture
def gate(workbench: Workbench) -> Gate:
    """A submission whose program waits until it is let through."""
    return Gate(workbench.folder / "gated")


class LivedIn(Workbench):
    """A workbench with a failed and a partly judged run, a lab's result, answers, and a journal with an entry in two texts."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.names: dict[str, str] = {}

    def fill(self) -> "LivedIn":
        """Do what a learner does in the first hour."""
        assert self.climb("start", "scanner", "--lang", "python").returncode == 0
        assert self.climb("check", "scanner").returncode == 1
        assert self.climb("check", str(self.threads()), "--stage", "1").returncode == 0
        self.names |= {"failed": self._only_run("scanner"), "held": self._only_run("threads")}
        self.names["lab"] = self._measure("handshake")
        for slug in ("sockets", "file-descriptors"):
            question = course().concepts[slug].question
            record(self.home, slug, question, str(right_choice(question)))
        self.names |= self._write()
        return self

    def _only_run(self, name: str) -> str:
        (folder,) = (self.folder / name / ".climb" / "runs").iterdir()
        return folder.name

    def _measure(self, slug: str) -> str:
        lab = labs.find(slug)
        begun = running.begin(self.home, lab, lab.settings({}), Predicted(value=2.0, because="a guess"))
        measuring = running.run(self.home, lab, begun, lambda _progress: None)
        with ThreadPoolExecutor(1) as threads:  # this one may have an event loop already, Playwright's
            assert threads.submit(asyncio.run, measuring).result().finished
        return begun.id

    def _write(self) -> dict[str, str]:
        about = (f"climb:run/{self.names['failed']}", f"climb:lab/handshake/{self.names['lab']}")
        text = f"It failed at [1.1]({about[0]}).\n\n| a | b |\n| --- | --- |\n| 1 | 2 |"
        entry = journal.create(self.home, title="What failed first", text=text, module="1.1", about=about)
        journal.save(self.home, entry.id, entry.revision, entry.title, text + "\n\nOne more line.")
        kept = journal.save(self.home, entry.id, entry.revision, entry.title, text + "\n\nAnother line.")
        return {"entry": entry.id, "other": kept.other.id}


@pytest.fixture(scope="session")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivedIn]:
    """A workbench that has been used, for tests that only look."""
    started = LivedIn(tmp_path_factory.mktemp("lived-in"))
    started.fill().serve()
    yield started
    assert started.end() == (0, "")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The system's Chromium."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip(f"no browser on this machine: none of {', '.join(names)} is on the PATH")
    return found


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    """A browser for the tests of a module. Playwright holds an event loop in this thread meanwhile, which tests of other folders need."""
    words = ["--disable-background-networking", f"--host-resolver-rules=MAP {FOREIGN_NAME} 127.0.0.1"]
    words += ["--no-sandbox"] if os.geteuid() == 0 else []
    playwright.expect.set_options(timeout=DEADLINE_S * 1000)
    with playwright.sync_playwright() as started:
        program = started.chromium.launch(executable_path=chromium, args=words)
        yield program
        program.close()


class Watch:
    """Opens windows, and notes what their pages complain about and whom else they ask."""

    def __init__(self, browser: Any) -> None:
        self._browser = browser
        self.contexts: list[Any] = []
        self.noted: list[str] = []
        self.expected: list[str] = []

    def __call__(self, workbench: Workbench, path: str = "/", *, init: str = "", **options: Any) -> Any:
        """A window of its own on a page. ``init`` runs before the page's scripts; options are those of a browser's context."""
        context = self._browser.new_context(base_url=workbench.origin, **{"viewport": WIDE, **options})
        context.set_default_timeout(DEADLINE_S * 1000)
        context.add_init_script(f"{TELL_VIOLATIONS};{init}")
        context.on("console", self._note_console)
        context.on("weberror", lambda error: self.noted.append(f"page error: {error.error}"))
        context.on("request", lambda request: self._note_request(workbench, request))
        self.contexts.append(context)
        page = context.new_page()
        page.goto(path)
        return page

    def may(self, text: str) -> None:
        """Expect complaints that hold this text."""
        self.expected.append(text)

    def unexpected(self) -> list[str]:
        """What was noted and not expected."""
        return [each for each in self.noted if not any(text in each for text in self.expected)]

    def _note_console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.noted.append(f"console {message.type}: {message.text} ({message.location.get('url')})")

    def _note_request(self, workbench: Workbench, request: Any) -> None:
        if not request.url.startswith(f"{workbench.origin}/"):
            self.noted.append(f"asked elsewhere: {request.url}")


def watched(browser: Any) -> Iterator[Watch]:
    """A watch, whose notes are looked at once it is put away."""
    watch = Watch(browser)
    yield watch
    for context in watch.contexts:
        context.close()
    assert watch.unexpected() == []


@pytest.fixture
def window(browser: Any) -> Iterator[Watch]:
    """Opens windows of a browser. The test fails if a page complains, breaks its policy or asks anybody but the workbench."""
    yield from watched(browser)


@pytest.fixture(scope="module")
def module_window(browser: Any) -> Iterator[Watch]:
    """The same for windows that the tests of a module share; the last of them fails."""
    yield from watched(browser)
