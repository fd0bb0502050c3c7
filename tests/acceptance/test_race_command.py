"""``climb race`` as a learner meets it: the document, the table, a fast wrong program, Ctrl-C, and what is refused."""

import json
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

RIGHT = Path(__file__).parents[1] / "right" / "http" / "python-threads"
ENDINGS = {"held", "noisy"}  # which of them, the machine decides


@pytest.fixture
def server(climb) -> Path:
    """A right HTTP server in Python, in a folder of its own."""
    return shutil.copytree(RIGHT, climb.folder / "server", ignore=shutil.ignore_patterns("__pycache__", ".climb"))


def kept(server: Path) -> list[Path]:
    return sorted((server / ".climb" / "races").glob("*/race.json"))


@pytest.mark.slow
def test_both_are_raced_and_the_document_is_kept(climb, server) -> None:
    """The stages that the race needs are judged first; then both sides have the same number of heats, and what is printed is what is stored."""
    done = climb("race", "server", "--race", "small-answers", "--seconds", "2", "--seed", "41c2", "--json")

    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    (path,) = kept(server)
    assert json.loads(path.read_text()) == document
    (race,) = document["races"]
    assert race["standing"] in ENDINGS
    assert [heat["side"] for heat in race["heats"]].count("yours") == len(race["heats"]) / 2 > 1
    assert all(heat["value"] > 0 for heat in race["heats"])
    assert (race["ratio"] is not None) == (race["standing"] == "held")
    assert "small-answers: warming up" in done.stderr
    runs = [json.loads(path.read_text()) for path in server.glob(".climb/runs/*/verdict.json")]
    judged = {stage["id"] for run in runs for stage in run["stages"] if stage["status"] == "passed"}
    assert judged == {"first-answer", "keep-alive"}


@pytest.mark.slow
def test_a_fast_wrong_program_is_told_wrong(climb, server) -> None:
    """A server that saves itself the work under load has no ratio: the race ends with 1 and shows what was answered instead."""
    resources = server / "resources.py"
    lazy = 'import itertools\n\nASKED = itertools.count()\n\n\ndef how_fast():\n    return "ok" if next(ASKED) < 300 else "no"\n'
    text = resources.read_text()
    assert text.count('text(200, "ok")') == 1
    resources.write_text(text.replace('text(200, "ok")', "text(200, how_fast())") + lazy)

    done = climb("race", "server", "--race", "small-answers", "--seconds", "4")

    assert done.returncode == 1, done.stdout + done.stderr
    assert "your program did the work wrongly" in done.stdout
    assert "status and SHA-256 of GET /healthz under load" in done.stdout


@pytest.mark.slow
def test_ctrl_c_leaves_nothing(climb, server, nothing_lives) -> None:
    """Interrupted between heats, no process of either side lives, and no race is kept."""
    words = [climb.command, "race", "server", "--race", "small-answers", "--seconds", "60"]
    process = subprocess.Popen(
        words,
        cwd=climb.folder,
        env={**climb.environment, "A_RACE_INTERRUPTED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "heat 1," in line:
            process.send_signal(signal.SIGINT)
            break
    process.communicate(timeout=60)

    assert process.returncode == 130
    assert nothing_lives("A_RACE_INTERRUPTED=1")
    assert not (server / ".climb" / "races").exists()


@pytest.mark.slow
def test_what_does_not_hold_is_not_raced(climb) -> None:
    """A starter fails the first stage, so every race waits for it: exit code 1, with the failure, and no heat."""
    assert climb("start", "http", "--lang", "python").returncode == 0

    done = climb("race", "http", "--race", "small-answers", "--seconds", "2")

    assert done.returncode == 1
    assert "waits for stage 1 One request, one answer: what is not right is not raced" in done.stdout
    assert "heat 1" not in done.stderr


def test_an_unknown_race_is_refused_with_the_list(climb, server) -> None:
    """Before anything is built or judged."""
    done = climb("race", "server", "--race", "nothing")

    assert done.returncode == 2
    assert "it has\n  small-answers" in done.stderr
    assert not (server / ".climb").exists()
