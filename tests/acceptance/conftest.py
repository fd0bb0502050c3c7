"""The command as users install it: a wheel, in a virtual environment that has our dependencies but not our checkout."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


class Installed:
    """The installed command, run in a folder with a home of its own; what it compiles is kept below ``shared_home``."""

    def __init__(self, command: Path, folder: Path, shared_home: Path) -> None:
        self.command = command
        self.folder = folder
        self.shared_home = shared_home
        kept = {"PATH", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE"}
        self.environment = {name: value for name, value in os.environ.items() if name in kept}
        self.environment |= {
            "HOME": str(folder),
            "CLIMB_HOME": str(folder / "home"),
            "CLIMB_CACHE": str(shared_home / ".climb" / "cache"),
            "COLUMNS": "100",
            "PYTHONUTF8": "1",
        }

    def __call__(
        self, *words: str, folder: Path | str = ".", environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.command, *words],
            cwd=self.folder / folder,
            env={**self.environment, **(environment or {})},
            capture_output=True,
            text=True,
            timeout=120,
        )


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built once."""
    folder = tmp_path_factory.mktemp("wheel")
    words = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    built = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert built.returncode == 0, built.stdout + built.stderr
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def installed_command(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command in a virtual environment that sees our dependencies."""
    home = tmp_path_factory.mktemp("installed") / "venv"
    run([sys.executable, "-m", "venv", "--without-pip", str(home)])
    python = home / "bin" / "python"
    run([sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", "-q", str(wheel)])
    site = Path(run([str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).strip())
    # A folder named in a .pth file is searched for modules, but its own .pth files, with our checkout, are not obeyed.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home / "bin" / "climb"


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A HOME for what is compiled once for all tests. The checkout's is of no use: numba tells sources apart by their place."""
    return tmp_path_factory.mktemp("shared-home")


@pytest.fixture
def climb(installed_command: Path, tmp_path: Path, shared_home: Path) -> Installed:
    """The installed command in an empty folder."""
    return Installed(installed_command, tmp_path, shared_home)


@pytest.fixture
def started(climb: Installed) -> Installed:
    """The installed command in a folder that holds the Python starter in ``scanner``."""
    assert climb("start", "scanner", "--lang", "python").returncode == 0
    return climb


def run(words: list[str]) -> str:
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout
