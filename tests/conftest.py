"""What tests of several folders share: small programs as submissions, and a look at the process table."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from climb.judge.submission import Submission, load

MakeSubmission = Callable[..., Submission]

# Compiling the data processor's engine takes 10 to 30 s, so all tests share what was compiled. It is where a program looks that
# the judge starts, since that sees none of our variables: below HOME, in a folder that is named after the sources, so nobody gets
# what was made of others. Said here and not in a fixture, since a test file may import the engine.
os.environ.setdefault("CLIMB_CACHE", str(Path.home() / ".climb" / "cache"))


def pytest_configure(config: pytest.Config) -> None:
    """Several workers at once find the data processor's engine compiled: whoever imports it holds a lock until it is."""
    if getattr(config.option, "numprocesses", None):
        compiles = "from climb.systems.processor.engine import compiled; compiled.warm()"
        subprocess.run([sys.executable, "-c", compiles], check=True, timeout=600)


@pytest.fixture(scope="session", autouse=True)
def signals_as_in_a_terminal() -> None:
    """Under nohup or in the background of a shell some signals are ignored, and so they would be in all that tests start."""
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ``CLIMB_HOME`` for each test, so that nobody's own is read or written, but for what was compiled."""
    home = tmp_path_factory.mktemp("climb-home")
    monkeypatch.setenv("CLIMB_HOME", str(home))
    return home


@pytest.fixture
def submission(tmp_path: Path) -> MakeSubmission:
    """Writes a Python program with its climb.toml into a folder of its own, and loads it."""

    def make(
        source: str = "", *, run: str | None = None, build: str | None = None, folder: str = "program"
    ) -> Submission:
        home = tmp_path / folder
        home.mkdir(exist_ok=True)
        (home / "program.py").write_text(source, encoding="utf-8")
        lines = ['project = "scanner"', 'language = "python"', f"run = '{run or f'{sys.executable} program.py'}'"]
        lines += [f"build = '''{build}'''"] if build else []
        (home / "climb.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return load(home)

    return make


@pytest.fixture
def living() -> Callable[[str], list[int]]:
    """The processes alive now whose command line or environment holds a text."""

    def find(text: str) -> list[int]:
        needle = text.encode()
        pids = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())
        return [pid for pid in pids if pid != os.getpid() and _holds(pid, needle)]

    return find


@pytest.fixture
def nothing_lives(living: Callable[[str], list[int]]) -> Callable[[str], bool]:
    """Whether, within five seconds, no process is alive whose command line or environment holds a text."""

    def holds(text: str) -> bool:
        end = time.monotonic() + 5
        while living(text) and time.monotonic() < end:
            time.sleep(0.02)
        return not living(text)

    return holds


def _holds(pid: int, needle: bytes) -> bool:
    try:
        folder = Path(f"/proc/{pid}")
        if folder.joinpath("stat").read_bytes().rpartition(b")")[2].split()[0] in (b"Z", b"X"):
            return False
        return needle in folder.joinpath("cmdline").read_bytes() or needle in folder.joinpath("environ").read_bytes()
    except OSError:
        return False
