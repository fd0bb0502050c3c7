"""``climb lab`` as a learner meets it: a prediction, a measurement on this machine, and what both say together."""

import json
import os
import pty
import select
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import pytest

LAB = "handshake"  # two seconds with its usual knobs
ENOUGH_S = 60.0


@pytest.fixture
def measured(climb) -> dict:
    """The document of a run with the prediction 3."""
    done = climb("lab", LAB, "--predict", "3", "--because", "one more round trip", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def results(climb) -> list[dict]:
    """The stored results, the newest last."""
    return [json.loads(path.read_text()) for path in sorted((climb.folder / "home/labs" / LAB).glob("*.json"))]


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + ENOUGH_S
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_the_labs_are_listed(climb) -> None:
    """Each with its question; nothing has to be typed to find out what there is."""
    done = climb("lab")

    assert (done.returncode, done.stderr) == (0, "")
    assert LAB in done.stdout
    assert "Does it matter whether a client" in done.stdout
    assert "climb lab NAME" in done.stdout


def test_the_document_has_prediction_measurements_and_meaning(measured: dict) -> None:
    """What was said, every single measurement, the answer with its interval, the verdict."""
    assert measured["result"]["predicted"] == {"value": 3.0, "because": "one more round trip"}
    assert measured["result"]["finished"]
    assert measured["result"]["samples"]
    assert measured["explanation"]["answer"]["low"] <= measured["explanation"]["answer"]["value"]
    assert measured["verdict"].startswith("You predicted 3 ×")
    assert measured["recorded"] is False


def test_a_run_shows_headline_plots_and_what_to_do_next(climb) -> None:
    """On a pipe without a progress line, within the columns that there are."""
    done = climb("lab", LAB, "--predict", "3", environment={"COLUMNS": "60"})

    assert (done.returncode, done.stderr) == (0, "")
    assert "You predicted 3 ×, and measured" in done.stdout.replace("\n  ", " ")
    assert "│" in done.stdout
    assert "How far to trust it" in done.stdout
    assert f"climb lab {LAB} --set answer=" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 60


def test_a_plain_locale_gets_plain_plots(climb) -> None:
    """ASCII, and no question marks in place of signs."""
    done = climb("lab", LAB, "--recording", environment={"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONIOENCODING": "ascii"})

    assert done.returncode == 0
    assert done.stdout.isascii()
    assert "|o" in done.stdout or "| o" in done.stdout
    assert "?s" not in done.stdout


def test_history_and_an_earlier_result(climb, measured: dict) -> None:
    """The list has date, prediction, answer and knobs; --show prints the run again."""
    name = measured["result"]["id"]
    listed = climb("lab", LAB, "--history").stdout
    shown = climb("lab", LAB, "--show", name)

    assert "predicted 3 ×" in listed
    assert f"--show {name}" in listed
    assert "answer=100" in listed
    assert measured["explanation"]["headline"][:40] in shown.stdout


def test_a_knob_can_be_set(climb) -> None:
    """And is kept with the result."""
    done = climb("lab", LAB, "--no-prediction", "--set", "distance=1", "--json")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["result"]["knobs"]["distance"] == 1
    assert json.loads(done.stdout)["result"]["predicted"] is None


def test_the_recording_names_its_machine(climb) -> None:
    """It is not this one's, and says so."""
    done = climb("lab", LAB, "--recording")

    assert done.returncode == 0
    assert "recorded on another machine" in done.stdout
    assert results(climb) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("handshke", "--predict", "3"), "there is no lab 'handshke'"),
        ((LAB, "--predict", "3", "--set", "teapot=1"), "has no knob 'teapot'"),
        ((LAB, "--predict", "3", "--set", "answer=7"), "answer can't be '7'; it can be: 100"),
        ((LAB, "--predict", "3", "--set", "answer"), "is no KNOB=VALUE"),
        ((LAB, "--predict", "many"), "'many' is none"),
        ((LAB, "--predict", "3", "--no-prediction"), "contradict each other"),
        ((LAB,), f"climb lab {LAB} --predict NUMBER"),
        (("--history",), "--history is about one lab"),
        (("--predict", "3"), "--predict is about one lab"),
        ((LAB, "--history", "--recording"), "--history and --recording show different things"),
        ((LAB, "--recording", "--predict", "3"), "--recording measures nothing"),
        (("handshke",), "try: climb lab handshake"),
        ((LAB, "--show", "20200101T000000"), "has no run '20200101T000000'"),
    ],
)
def test_what_can_not_be_done_is_said(climb, words: tuple[str, ...], told: str) -> None:
    """Wrong usage ends with 2, and names what was wrong; nothing is measured."""
    done = climb("lab", *words)

    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert results(climb) == []


def test_ctrl_c_leaves_no_process_and_keeps_the_prediction(climb, nothing_lives: Callable[[str], bool]) -> None:
    """The measuring process ends, the result is kept as stopped, and the message says how to see it."""
    mark = f"lab_{uuid.uuid4().hex}"
    words = [climb.command, "lab", LAB, "--predict", "3"]
    environment = {**climb.environment, mark: "1"}
    process = subprocess.Popen(
        words, cwd=climb.folder, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    wait_for(lambda: any((climb.folder / "home/labs" / LAB).glob("run-*")))
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=ENOUGH_S)
    (stored,) = results(climb)

    assert process.returncode == 130
    assert f"your prediction is kept: climb lab {LAB} --show {stored['id']}".encode() in errors
    assert stored["predicted"]["value"] == 3
    assert stored["failed"] == "the run was stopped"
    assert nothing_lives(mark)
    assert not list((climb.folder / "home/labs" / LAB).glob("run-*"))


def test_on_a_terminal_it_asks(climb) -> None:
    """For the number again until it is one, then for the reason; then it shows how far it is."""
    ours, theirs = pty.openpty()
    words = [climb.command, "lab", LAB]
    environment = {**climb.environment, "TERM": "xterm", "COLUMNS": "80"}
    process = subprocess.Popen(words, cwd=climb.folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    terminal = Terminal(ours)
    with terminal:
        terminal.until("[×]: ")
        terminal.type("lots\n")
        terminal.until("is none")
        terminal.until("[×]: ")
        terminal.type("2,5\n")
        terminal.until("skip): ")
        terminal.type("a guess\n")
        terminal.until("%")
        terminal.until("You predicted 2.5")
        terminal.until("--show")
        code = process.wait(timeout=ENOUGH_S)

    assert code == 0
    assert results(climb)[-1]["predicted"] == {"value": 2.5, "because": "a guess"}


def test_a_machine_that_can_not_run_it_gets_the_recording(climb, tmp_path: Path) -> None:
    """The reason on standard error, the recorded run on standard output, and exit code 3."""
    hobbled = tmp_path / "hobbled.py"
    hobbled.write_text(
        "from climb.labs.lab import find\n"
        f"find({LAB!r}).unless(lambda: 'it has no sockets')\n"
        "from climb.cli.main import run\n"
        f"raise SystemExit(run(['lab', {LAB!r}, '--predict', '3']))\n"
    )
    python = climb.command.with_name("python")
    done = subprocess.run([python, hobbled], cwd=climb.folder, env=climb.environment, capture_output=True, text=True)

    assert done.returncode == 3
    assert f"this machine can't run the lab {LAB}: it has no sockets" in done.stderr
    assert "recorded on another machine" in done.stdout
    assert results(climb) == []


class Terminal:
    """Our end of a terminal; reading it never waits for ever."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._seen = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def type(self, text: str) -> None:
        os.write(self._descriptor, text.encode())

    def until(self, text: str) -> None:
        """Read up to ``text``, and forget what came before it."""
        wanted = text.encode()
        for piece in self._pieces():
            self._seen += piece
            if wanted in self._seen:
                self._seen = self._seen.partition(wanted)[2]
                return
        raise AssertionError(f"{text!r} never came; after it: {self._seen.decode(errors='replace')}")

    def _pieces(self) -> Iterator[bytes]:
        yield b""
        end = time.monotonic() + ENOUGH_S
        while time.monotonic() < end:
            if select.select([self._descriptor], [], [], 0.1)[0]:
                try:
                    yield os.read(self._descriptor, 65536)
                except OSError:  # Linux: the other end is closed
                    return
