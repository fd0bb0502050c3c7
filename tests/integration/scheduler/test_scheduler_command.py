"""The command of the brief, in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from climb.systems.scheduler.model import POLICIES

_COMMAND = [sys.executable, "-m", "climb.systems.scheduler"]
_SMALL = b'{"tasks": [{"id": "A", "bursts": [6]}, {"id": "B", "arrival": 1, "bursts": [2]}]}'


def _run(*words: str, stdin: bytes = _SMALL) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*_COMMAND, *words], input=stdin, capture_output=True, timeout=60)


@pytest.mark.parametrize("policy", POLICIES)
def test_every_policy_answers(policy: str) -> None:
    """The answer is one JSON document with all that the brief names."""
    ran = _run("--policy", policy)
    answer = json.loads(ran.stdout)

    assert (ran.returncode, ran.stderr) == (0, b"")
    assert list(answer) == ["policy", "timeline", "tasks", "summary"]
    assert sum(part["end"] - part["start"] for part in answer["timeline"]) == 8


def test_the_workload_may_be_a_file(tmp_path: Path) -> None:
    """--workload FILE is read instead of standard input."""
    (tmp_path / "w.json").write_bytes(_SMALL)

    ran = _run("--quantum", "3", "--workload", str(tmp_path / "w.json"), "--policy", "rr", stdin=b"")

    assert [part["end"] for part in json.loads(ran.stdout)["timeline"]] == [3, 5, 8]


@pytest.mark.parametrize(
    ("words", "start"),
    [
        ([], b"--policy: "),
        (["--policy", "fifo"], b"--policy: must be one of fcfs"),
        (["--policy"], b"--policy: needs a value"),
        (["--policy", "rr", "--quantum", "0"], b"--quantum: must be a whole number from 1 to 1000000000, not '0'"),
        (["--policy", "rr", "--quantum", "2.5"], b"--quantum: "),
        (["--policy", "rr", "--quantum", "\u0663"], b"--quantum: "),
        (["--policy", "lottery", "--seed", "2147483647"], b"--seed: "),
        (["--policy", "rr", "--queues", "one"], b"--queues: "),
        (["--policy", "rr", "--speed", "1"], b"--speed: "),
        (["--policy", "rr", "--workload", "/nowhere/w.json"], b"--workload: /nowhere/w.json can't be read: "),
        (["--policy", "rr", "--workload", "/"], b"--workload: / can't be read: "),
    ],
)
def test_an_option_that_makes_no_sense(words: list[str], start: bytes) -> None:
    """Exit code 2, one line that names the option, and nothing on standard output."""
    ran = _run(*words)

    assert (ran.returncode, ran.stdout, ran.stderr.count(b"\n")) == (2, b"", 1)
    assert ran.stderr.startswith(start)


@pytest.mark.parametrize(
    ("document", "start"),
    [
        (
            b'{"tasks": [{"id": "A", "bursts": [-2]}]}',
            b"tasks[0].bursts[0]: must be a whole number from 1 to 1000000000, not -2",
        ),
        (os.urandom(10_000_000), b"the workload "),
        (
            b'{"tasks": [{"id": "A\\n\\u001b[31m", "bursts": [1, 1]}, {"id": "A\\n", "bursts": [1]}]}',
            b"tasks[0].bursts: ",
        ),
    ],
    ids=["a burst", "ten megabytes of garbage", "an id with a line break"],
)
def test_a_workload_that_makes_no_sense(document: bytes, start: bytes) -> None:
    """Exit code 2, one line that names the place, and nothing on standard output."""
    ran = _run("--policy", "fcfs", stdin=document)

    assert (ran.returncode, ran.stdout, ran.stderr.count(b"\n")) == (2, b"", 1)
    assert ran.stderr.startswith(start)


def test_a_small_workload_loads_nothing_large() -> None:
    """The command is called hundreds of times by the judge: numba, numpy, click and rich stay where they are."""
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", *_COMMAND[1:], "--policy", "eevdf"], input=_SMALL, capture_output=True
    )
    loaded = {line.rsplit("|", 1)[1].strip() for line in ran.stderr.decode().splitlines() if "|" in line}

    assert "climb.systems.scheduler.engine" in loaded
    assert not loaded & {"numba", "numpy", "click", "rich", "climb.judge", "climb.cli"}


def test_help() -> None:
    """--help names every policy and ends well."""
    ran = _run("--help")

    assert ran.returncode == 0
    assert all(policy.encode() in ran.stdout for policy in POLICIES)


def test_a_reader_that_goes_away_is_no_error() -> None:
    """As in `… | head`: nothing on standard error."""
    many = {"tasks": [{"id": f"t{number}", "bursts": [200]} for number in range(50)]}
    process = subprocess.Popen(
        [*_COMMAND, "--policy", "rr", "--quantum", "1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    assert process.stderr
    process.stdin.write(json.dumps(many).encode())
    process.stdin.close()
    process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()

    assert process.wait(60) == 141
    assert said == b""


def test_an_interrupt_ends_it_quietly() -> None:
    """Ctrl-C: exit code 130 and no traceback."""
    process = subprocess.Popen(
        [*_COMMAND, "--policy", "rr"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin
    process.stdin.write(b"x" * 200_000)  # more than a pipe holds: when it is written, the command reads
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    said, complained = process.communicate(timeout=60)

    assert (process.returncode, said, complained) == (130, b"", b"")
