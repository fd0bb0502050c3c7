"""The script ./climb: portable, and quick when there is nothing to set up."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHELLS = [shell for shell in ("sh", "dash", "bash", "busybox") if shutil.which(shell)]

# Stands in for the environment's Python: says how it was called.
PYTHON = '#!/bin/sh\nfor word in "$@"; do printf "<%s>" "$word"; done\n'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that is set up, in a folder with a blank in its name."""
    root = tmp_path / "back end"
    (root / ".venv" / "bin").mkdir(parents=True)
    shutil.copy2(ROOT / "climb", root / "climb")
    (root / "requirements.lock").write_text("one\n")
    (root / ".venv" / ".lock").write_text("one\n")
    python = root / ".venv" / "bin" / "python"
    python.write_text(PYTHON)
    python.chmod(0o755)
    return root


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_can_read_it(shell: str) -> None:
    """No shell needs more than POSIX for it."""
    words = [shell, "sh", "-n"] if shell == "busybox" else [shell, "-n"]

    assert subprocess.run([*words, str(ROOT / "climb")]).returncode == 0


@pytest.mark.parametrize("shell", [shell for shell in SHELLS if shell != "busybox"])
def test_an_unchanged_lock_means_no_set_up(checkout: Path, tmp_path: Path, shell: str) -> None:
    """The command is run with its words as they are, from any folder, and nothing is said."""
    words = [shell, str(checkout / "climb"), "check", "my folder", "*", ""]

    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "<-m><climb><check><my folder><*><>"


def test_a_link_to_the_script_finds_the_checkout(checkout: Path, tmp_path: Path) -> None:
    """Linked from a folder on the PATH, it uses its own environment, and makes none beside the link."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "climb").symlink_to(checkout / "climb")

    done = subprocess.run([tmp_path / "bin" / "climb", "list"], capture_output=True, text=True)

    assert (done.returncode, done.stdout, done.stderr) == (0, "<-m><climb><list>", "")
    assert not (tmp_path / "bin" / ".venv").exists()


def test_without_a_python_it_says_what_is_needed(checkout: Path, tmp_path: Path) -> None:
    """A changed lock asks for a set-up; without Python 3.11 it ends with 3, the next step, and the environment untouched."""
    (checkout / "requirements.lock").write_text("two\n")
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("sh", "dirname", "cmp", "readlink", "rm"):
        (tools / tool).symlink_to(str(shutil.which(tool)))

    done = subprocess.run(
        ["/bin/sh", checkout / "climb", "list"], env={"PATH": str(tools)}, capture_output=True, text=True
    )

    assert (done.returncode, done.stdout) == (3, "")
    assert "Python 3.11 or newer is needed" in done.stderr
    assert "try:" in done.stderr
    assert (checkout / ".venv" / "bin" / "python").exists()
