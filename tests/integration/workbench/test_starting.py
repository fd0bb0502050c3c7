"""``climb up`` itself: what it says, where it listens, and what it says when it can't begin."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

import climb

NOBODY = 65534


def test_it_says_where_it_is(workbench: Any) -> None:
    """One line with the address, and how to end it."""
    assert workbench.said == f"Backend Climb is at http://127.0.0.1:{workbench.port}   (Ctrl-C ends it)\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_the_normal_end(start_workbench: Any, number: signal.Signals) -> None:
    """So the exit code is 0, nothing is complained of, and the last line says that it has ended."""
    workbench = start_workbench()
    workbench.process.send_signal(number)
    out, err = workbench.process.communicate(timeout=30)

    assert (workbench.process.returncode, err) == (0, "")
    assert out.endswith("The workbench has ended.\n")


def test_it_listens_on_one_address_only(workbench: Any) -> None:
    """On 127.0.0.1: on no other address of this machine, of neither family."""
    listening = [each for each in psutil.Process(workbench.process.pid).net_connections("inet") if not each.raddr]

    assert [each.laddr for each in listening] == [("127.0.0.1", workbench.port)]


@pytest.mark.parametrize("address", ["127.71.3.9", "::1"])
def test_other_loopback_addresses_reach_nothing(workbench: Any, address: str) -> None:
    """Who knocks there is refused by the kernel."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as client:
        client.settimeout(5)
        with pytest.raises(OSError, match=r"refused|Cannot assign"):
            client.connect((address, workbench.port))


def test_a_taken_port_is_named_with_the_way_out(workbench: Any, nothing_lives: Callable[[str], bool]) -> None:
    """A second workbench on the same port ends with 3, and says that one may be running already."""
    second = workbench.climb("up", "--no-browser", "--port", str(workbench.port))
    out, err = second.communicate(timeout=30)

    assert (second.returncode, out) == (3, "")
    assert f"127.0.0.1:{workbench.port} can't be used: Address already in use" in err
    assert f"open http://127.0.0.1:{workbench.port}" in err
    assert "climb up --port 0" in err


def test_the_port_can_come_from_the_environment(workbench: Any) -> None:
    """CLIMB_PORT, as the help says."""
    command = [sys.executable, "-m", "climb", "up", "--no-browser"]
    environment = {**workbench.environment, "CLIMB_PORT": str(workbench.port)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)

    assert done.returncode == 3
    assert f"127.0.0.1:{workbench.port}" in done.stderr


def test_the_token_is_its_owners_alone(workbench: Any) -> None:
    """Readable by nobody else, and long enough not to be guessed."""
    path = workbench.home / "token"

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_text(encoding="ascii").strip()) >= 40
    assert path.read_text(encoding="ascii").strip() == workbench.browser.token


def test_a_token_cut_short_is_refused(start_workbench: Any, tmp_path: Path) -> None:
    """With the file to remove; a short token could be guessed."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "token").write_text("abc", encoding="ascii")

    with pytest.raises(RuntimeError, match=r"holds no whole token\n.*rm .*token"):
        start_workbench()


def test_a_home_that_is_a_file_is_a_matter_of_setup(start_workbench: Any, tmp_path: Path) -> None:
    """The message names the variable to set."""
    (tmp_path / "home").write_text("", encoding="ascii")

    with pytest.raises(RuntimeError, match="set CLIMB_HOME to a folder of yours"):
        start_workbench()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_a_home_that_cannot_be_written_is_a_matter_of_setup(tmp_path: Path) -> None:
    """Exit code 3, and the variable to set."""
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    done = _as_nobody(["up", "--no-browser", "--port", "0"], home)

    assert done.returncode == 3
    assert "set CLIMB_HOME to a folder of yours" in done.stderr


def test_it_starts_in_a_folder_that_cannot_be_written(start_workbench: Any, tmp_path: Path) -> None:
    """It is only where new folders are offered; the refusal comes when one is asked for."""
    place = tmp_path / "place"
    place.mkdir()
    workbench = start_workbench()
    place.chmod(0o555)
    answer = workbench.browser.send("/projects/scanner/start", folder="/proc/new", language="python")

    assert answer.status_code == 503
    assert "choose a folder that is yours" in answer.text


def test_a_home_that_vanishes_is_no_mistake_of_ours(workbench: Any) -> None:
    """Pages go on: what was there is gone, and nothing is made up."""
    workbench.browser.read("/")
    shutil.rmtree(workbench.home)

    assert "Backend Climb" in workbench.browser.read("/")


def _as_nobody(words: list[str], home: Path) -> "subprocess.CompletedProcess[str]":
    """``climb`` as a user who owns nothing, with our modules from where they are."""
    code = (
        "import os, sys\n"
        "from climb.cli.main import run\n"
        "from climb.cli import up\n"
        "import climb.workbench.serve\n"
        f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})\n"
        f"sys.exit(run({words!r}))\n"
    )
    environment = {**os.environ, "CLIMB_HOME": str(home), "PYTHONPATH": str(Path(climb.__file__).parents[1])}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=30)
