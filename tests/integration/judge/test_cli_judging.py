"""The command in a subprocess, with small programs: what a learner sees, and with which exit code."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from climb.judge.submission import Submission

MakeSubmission = Callable[..., Submission]

# Finds open ports with one blocking connect each. PLANT is where the tests put a bug.
SCANNER = """
import json, socket, sys, time
words = sys.argv[1:]
ports = [int(word) for word in words[words.index("--ports") + 1].split(",")]
host = next(word for word in words if word.count(".") == 3)
begun, found = time.monotonic(), []
for port in ports:
    with socket.socket() as sock:
        if sock.connect_ex((host, port)) == 0:
            found.append(port)
# PLANT
absent = dict.fromkeys(["service", "banner", "http", "tls"])
for port in found:
    print(json.dumps({"host": host, "port": port, "state": "open", "rtt_ms": 0.1, **absent}))
counts = {"hosts": 1, "ports": len(ports), "open": len(found), "closed": len(ports) - len(found), "filtered": 0}
print(json.dumps({"summary": {**counts, "elapsed_s": time.monotonic() - begun}}))
"""
BUGGY = SCANNER.replace("# PLANT", "found = [port for port in found if port < 2000]")


class Climb:
    """Runs the command in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "COLUMNS": "100", "PYTHONUTF8": "1"}

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "climb", *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def json(self, *words: str) -> dict[str, Any]:
        """The document that a command prints."""
        document: dict[str, Any] = json.loads(self(*words, "--json").stdout)
        return document


@pytest.fixture
def climb(submission: MakeSubmission) -> Callable[..., Climb]:
    """The command in the folder of a program."""
    return lambda source="", **options: Climb(submission(source, **options).folder)


def test_a_program_that_holds_its_stage(climb: Callable[..., Climb]) -> None:
    """A stage that holds exits with 0 and is a line; the run counts nothing else."""
    done = climb(SCANNER)("check", "--stage", "1", "--seed", "41c2")

    assert (done.returncode, done.stderr) == (0, "")
    assert "scanner · python · seed 41c2" in done.stdout
    assert "✓  1 One open port" in done.stdout
    assert "0 of 10" not in done.stdout


def test_the_way_up_ends_at_the_first_stage_that_fails(climb: Callable[..., Climb]) -> None:
    """Stage 1 holds, stage 2 does not: exit code 1, a document with both, and the next command."""
    run = climb(SCANNER)
    document = run.json("check")
    listed = run("list")

    assert [stage["status"] for stage in document["stages"][:3]] == ["passed", "failed", "skipped"]
    assert (document["passed"], document["total"]) == (1, 10)
    assert "1 of 10 stages hold here" in listed.stdout


def test_a_failure_is_shrunk_and_replayed(climb: Callable[..., Climb]) -> None:
    """The scanner that misses ports from 2000 on: replay fails alike, shrink finds fewer and smaller draws, and they fail."""
    run = climb(BUGGY)
    first = run.json("check", "--stage", "1", "--seed", "41c2")
    failed = next(check for check in first["stages"][0]["checks"] if check["id"] == "the-summary-counts")
    name = f"41c2-{failed['number']}"

    replayed = run.json("replay", name)
    shrunk = run("shrink", name, "--seconds", "20")
    again = run("replay", name, "--smallest")

    (stored,) = (run.folder / ".climb" / "runs").glob(f"*-41c2*/smallest/{failed['number']}.json")
    smallest = json.loads(stored.read_text())
    repeated = next(check for check in replayed["stages"][0]["checks"] if check["number"] == failed["number"])
    assert (failed["status"], repeated["status"]) == ("failed", "failed")
    assert repeated["choices"] == failed["choices"]
    assert (len(smallest["choices"]), smallest["choices"]) < (len(failed["choices"]), failed["choices"])
    assert smallest["result"]["status"] == "failed"
    assert (shrunk.returncode, again.returncode) == (1, 1)
    assert f"climb replay {name} --smallest" in shrunk.stdout
    assert again.stdout.split("answered")[0].split("ran")[1] == shrunk.stdout.split("answered")[0].split("ran")[1]


def test_a_mended_program_has_nothing_to_shrink(climb: Callable[..., Climb]) -> None:
    """The check passes now: exit code 2, and the command that judges anew."""
    run = climb(BUGGY)
    run("check", "--stage", "1", "--seed", "41c2")
    (run.folder / "program.py").write_text(SCANNER)

    done = run("shrink", "41c2-1.1")
    replayed = run("replay", "41c2-1.1")

    assert done.returncode == 2
    assert "check 1.1 does not fail now: it is passed" in done.stderr
    assert "climb check" in done.stderr
    assert replayed.returncode == 0
    assert "✓ 1.1" in replayed.stdout


def test_a_check_that_the_run_does_not_have_is_refused(climb: Callable[..., Climb]) -> None:
    """Replaying check 1.9 judges nothing, so it is no success."""
    run = climb(SCANNER)
    run("check", "--stage", "1", "--seed", "41c2")

    done = run("replay", "41c2-1.9")

    assert done.returncode == 2
    assert "has no check 1.9" in done.stderr
    assert "try: climb" in done.stderr


def test_a_missing_compiler_exits_with_3(climb: Callable[..., Climb]) -> None:
    """The tool is named, and what to do."""
    done = climb(build="no-such-compiler -O2 program.c")("check")

    assert done.returncode == 3
    assert "'no-such-compiler' is not installed" in done.stderr
    assert "try: install no-such-compiler" in done.stderr


def test_a_missing_interpreter_exits_with_3(climb: Callable[..., Climb]) -> None:
    """The interpreter is named; no traceback."""
    done = climb(run="no-such-python program.py")("check")

    assert done.returncode == 3
    assert "'no-such-python' is not installed" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_build_error_shows_the_builds_last_lines(climb: Callable[..., Climb]) -> None:
    """Exit code 1, the command, and what the compiler said."""
    done = climb(build="echo 'main.c:3: expected ;' >&2; exit 1")("check")

    assert done.returncode == 1
    assert "the build failed" in done.stdout
    assert "| main.c:3: expected ;" in done.stdout
    assert "0 of 10 stages hold." in done.stdout


@pytest.mark.parametrize(
    ("source", "report"),
    [
        ("import os; os.abort()", "killed by SIGABRT"),
        ("import sys; sys.exit('no route')", "| no route"),
        ("print('scanning ...')", "Logs belong on standard error"),
        ("import sys; sys.stdout.buffer.write(b'\\xff')", "byte 0xff at offset 0"),
        ("import os, time\nif os.fork() == 0: os.setsid(); time.sleep(600)", "still running: pid"),
        ("print('\\x1b[2J')", r"\x1b[2J"),
    ],
    ids=["crash", "exit", "log", "bytes", "child", "escape"],
)
def test_a_broken_program_gets_a_clear_report(climb: Callable[..., Climb], source: str, report: str) -> None:
    """Exit code 1, the reason in words, nothing that steers the terminal, no traceback of ours."""
    done = climb(source)("check")

    assert done.returncode == 1
    assert report in " ".join(done.stdout.split())
    assert "\x1b" not in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_stopping_the_judge_stops_the_program(
    climb: Callable[..., Climb], nothing_lives: Callable[[str], bool], number: signal.Signals, code: int
) -> None:
    """Ctrl-C, kill and a closed terminal during a check: the exit code says so, and nothing is left running."""
    token = uuid.uuid4().hex
    run = climb("import pathlib, time; pathlib.Path('up').touch(); time.sleep(600)")
    run.environment[f"TOKEN_{token}"] = "1"
    judge = subprocess.Popen(
        [sys.executable, "-m", "climb", "check"],
        cwd=run.folder,
        env=run.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_for(run.folder / "up")

    judge.send_signal(number)
    _, errors = judge.communicate(timeout=30)

    assert judge.returncode == code
    assert errors.strip() == "interrupted"
    assert nothing_lives(token)


def test_watching_judges_again_after_a_save_and_ends_with_ctrl_c(climb: Callable[..., Climb]) -> None:
    """A save starts the next run, a broken climb.toml is said and survived, and Ctrl-C ends with 0."""
    run = climb("raise SystemExit(7)")
    runs = run.folder / ".climb" / "runs"
    judge = subprocess.Popen(
        [sys.executable, "-m", "climb", "check", "--watch", "--stage", "1"],
        cwd=run.folder,
        env=run.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    manifest = (run.folder / "climb.toml").read_text()

    wait_for(runs, "*/verdict.json")
    (run.folder / "climb.toml").write_text("broken")
    read_until(judge, "Expected")
    (run.folder / "climb.toml").write_text(manifest)
    wait_for(runs, "*/verdict.json", count=2)
    judge.send_signal(signal.SIGINT)
    _, errors = judge.communicate(timeout=30)

    assert judge.returncode == 0
    assert "stopped watching" in errors


def test_signs_are_ascii_where_the_terminal_can_do_no_more(climb: Callable[..., Climb]) -> None:
    """With an ASCII encoding nothing breaks and every character is ASCII."""
    run = climb("raise SystemExit(7)")
    run.environment |= {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}

    done = run("check")

    assert done.returncode == 1
    assert "x  1 One open port" in done.stdout
    assert done.stdout.isascii()


def test_a_mistake_of_ours_exits_with_4(climb: Callable[..., Climb], tmp_path: Path) -> None:
    """A crash of the command itself is never taken for a failed program."""
    (tmp_path / "sitecustomize.py").write_text(
        "import climb.judge.run\ndef new_seed():\n    raise RuntimeError('ours')\nclimb.judge.run.new_seed = new_seed\n"
    )
    run = climb(SCANNER)
    run.environment["PYTHONPATH"] = str(tmp_path)

    done = run("check")

    assert done.returncode == 4
    assert "our mistake" in done.stderr


def wait_for(folder: Path, pattern: str | None = None, count: int = 1) -> None:
    """Wait until the path exists, or so many match."""
    end = time.monotonic() + 60
    while not (folder.exists() if pattern is None else len(list(folder.glob(pattern))) >= count):
        assert time.monotonic() < end, f"{folder} {pattern} did not appear"
        time.sleep(0.02)


def read_until(process: subprocess.Popen[str], text: str) -> None:
    """Read its standard error up to a line with a text; the test's own timeout bounds it."""
    assert process.stderr is not None
    lines = iter(process.stderr.readline, "")
    assert any(re.search(text, line) for line in lines)
