"""``climb sched`` as a user meets it: schedules as charts, documents and files, policies compared, a quiz answered."""

import json
import os
import pty
import select
import signal
import subprocess
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import pytest

ENOUGH_S = 60.0
ASCII = {"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
SMALL = json.dumps({"tasks": [{"id": "A", "bursts": [4]}, {"id": "B", "bursts": [2], "arrival": 1}]})


class Terminal:
    """The command with a terminal of its own as standard input, output and error."""

    def __init__(self, process: subprocess.Popen[bytes], end: int) -> None:
        self.process = process
        self._end = end
        self.text = ""

    def wait_for(self, text: str) -> Self:
        """Read until ``text`` is there."""
        end = time.monotonic() + ENOUGH_S
        while text not in self.text:
            assert time.monotonic() < end, self.text
            self._read()
        return self

    def wait_until_it_waits(self) -> Self:
        """A signal between the prompt and the wait for a line would be seen only with that line."""
        end = time.monotonic() + ENOUGH_S
        state = ""
        while state != "S":
            assert time.monotonic() < end, state
            state = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0]
        return self

    def type(self, line: str) -> None:
        os.write(self._end, line.encode() + b"\n")

    def ended(self) -> int:
        """The exit code, when all is read."""
        end = time.monotonic() + ENOUGH_S
        while self.process.poll() is None:
            assert time.monotonic() < end, self.text
            self._read()
        while self._read():
            pass
        return self.process.returncode

    def _read(self) -> bool:
        if not select.select([self._end], [], [], 0.05)[0]:
            return False
        try:
            data = os.read(self._end, 65536)
        except OSError:  # the other end is closed
            return False
        self.text += data.decode()
        return bool(data)


@contextmanager
def terminal(climb, *words: str, columns: int = 80, term: str = "dumb") -> Iterator[Terminal]:
    near, far = pty.openpty()
    environment = {**climb.environment, "COLUMNS": str(columns), "NO_COLOR": "1", "TERM": term}
    process = subprocess.Popen(
        [climb.command, *words], cwd=climb.folder, env=environment, stdin=far, stdout=far, stderr=far
    )
    os.close(far)
    try:
        yield Terminal(process, near)
    finally:
        process.kill()
        process.wait()
        os.close(near)


def test_elsewhere_a_run_is_the_document_of_the_contract(climb) -> None:
    """From a file, as from the command that is judged."""
    (climb.folder / "work.json").write_text(SMALL)
    done = climb("sched", "run", "work.json", "--policy", "srtf")
    document = json.loads(done.stdout)

    assert (done.returncode, done.stderr) == (0, "")
    assert document["policy"] == "srtf"
    assert sorted((each["start"], each["task"]) for each in document["timeline"]) == [(0, "A"), (1, "B"), (3, "A")]
    assert document["tasks"]["A"]["waiting"] == 2
    assert document["summary"]["makespan"] == 6


def test_on_a_terminal_a_run_is_a_chart(climb) -> None:
    """With a table of the tasks and the sums, all within the columns."""
    with terminal(climb, "sched", "run", "convoy", "--policy", "fcfs") as seen:
        assert seen.ended() == 0
        lines = seen.text.splitlines()

    assert lines[0].strip() == "fcfs: convoy, 6 tasks, 1 processor"
    assert any(line.startswith("  cpu 0  truck━━") for line in lines)
    assert "  t truck  1 car1" in seen.text
    assert "makespan 290 ticks" in seen.text
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("columns", ["60", "80", "120"])
def test_plain_locales_get_plain_charts(climb, columns: str) -> None:
    """ASCII in every width."""
    done = climb("sched", "run", "mixed", "--policy", "rr", "-o", "gantt", environment={**ASCII, "COLUMNS": columns})

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    assert "?" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= int(columns)


def test_a_run_is_written_to_files(climb) -> None:
    """Each kind is what its reader expects, and nothing is left beside it."""
    for kind in ("svg", "html", "perfetto", "json", "gantt"):
        done = climb("sched", "run", "control", "--policy", "edf", "--output", kind, "--output-file", f"out.{kind}")
        assert (done.returncode, done.stdout) == (0, "")
        assert done.stderr.startswith(f"wrote out.{kind}: ")

    assert ET.parse(climb.folder / "out.svg").getroot().tag.endswith("}svg")
    assert (climb.folder / "out.html").read_text().startswith("<!doctype html>")
    assert json.loads((climb.folder / "out.perfetto").read_text())["otherData"] == {"policy": "edf"}
    assert json.loads((climb.folder / "out.json").read_text())["summary"]["missed_deadlines"] == 0
    assert "missed deadlines 0" in (climb.folder / "out.gantt").read_text()
    assert sorted(path.name for path in climb.folder.iterdir() if path.name.startswith((".", "out"))) == [
        "out.gantt", "out.html", "out.json", "out.perfetto", "out.svg",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["run", "batch"], "try: climb sched run batch --policy rr\n"),
        (["run", "mixed", "--policy", "fifo"], "there is no policy 'fifo'; there are fcfs, sjf, "),
        (["run", "mixed", "--policy", "prio"], "try: climb sched run mixed --policy priority\n"),
        (["quiz", "--policy", "lotery"], "try: climb sched quiz --policy lottery\n"),
        (["run", "mixt", "--policy", "cfs"], "try: climb sched run mixed --policy cfs\n"),
        (["compare", "mixt"], "try: climb sched compare mixed\n"),
        (["run", "mixed", "--policy", "rr", "--quantum", "0"], "must be a whole number from 1 to 1000000000, not '0'"),
        (["run", "bad.json", "--policy", "rr"], "bad.json: tasks[0].bursts: "),
        (["compare", "mixed", "--by", "luck"], "'luck' is not one of"),
        (["quiz", "--answer", "A", "--reveal"], "--answer and --reveal contradict each other"),
        (["quiz", "--seed", "1", "--answer", "A?"], "can't read '?'"),
        (["quix"], "Did you mean climb sched quiz?"),
    ],
)
def test_what_can_not_be_meant_ends_with_2_and_a_reason(climb, words: list[str], says: str) -> None:
    """With the value, its place, or what to type."""
    (climb.folder / "bad.json").write_text('{"tasks": [{"id": "A", "bursts": [1, 2]}]}')
    done = climb("sched", *words)

    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [["run", "mixed"], ["run", "mixed", "--policy", "fifo"], ["run", "mixt"]])
def test_a_wrong_word_takes_two_lines(climb, words: list[str]) -> None:
    """What is wrong and what there is, and the next command."""
    assert len(climb("sched", *words).stderr.splitlines()) == 2


def test_a_file_is_what_its_name_says(climb) -> None:
    """Without --output; a name that says nothing gets the document."""
    begins = {"svg": "<?xml", "html": "<!doctype", "txt": "  rr: batch", "json": '{"policy"', "out": '{"policy"'}

    for suffix, begin in begins.items():
        climb("sched", "run", "batch", "--policy", "rr", "--output-file", f"made.{suffix}")
        assert (climb.folder / f"made.{suffix}").read_text(encoding="utf-8").startswith(begin)


def test_a_schedule_is_no_workload(climb) -> None:
    """It is told apart from a workload with a fault, and the next command asks for the right file."""
    climb("sched", "run", "batch", "--policy", "rr", "--output-file", "made.json")
    climb("sched", "import", "--sample", "--output-file", "actual.json")

    for name, step in (("made.json", "climb sched run WORKLOAD --policy rr"), ("actual.json", "climb sched import ")):
        done = climb("sched", "run", name, "--policy", "rr")
        assert done.returncode == 2
        assert f"{name}: this is a schedule, not a workload" in done.stderr
        assert f"try: {step}" in done.stderr


def test_the_recording_is_replayed_by_its_name(climb) -> None:
    """Two processors, in ticks of which the kernel's slice has 14; every task of it is there."""
    done = climb("sched", "run", "recording", "--policy", "eevdf", "--quantum", "14")
    document = json.loads(done.stdout)

    assert len(document["tasks"]) == 73
    assert {each["cpu"] for each in document["timeline"]} == {0, 1}


def test_a_long_run_tells_how_far_it_is_and_can_be_ended(climb) -> None:
    """On standard error, while it lasts; an interrupted one leaves no part of a file."""
    tasks = [{"id": f"t{number}", "bursts": [20] * 41} for number in range(2000)]
    (climb.folder / "long.json").write_text(json.dumps({"tasks": tasks}))
    words = ("sched", "run", "long.json", "--policy", "rr", "--quantum", "1", "--output-file", "made.json")
    with terminal(climb, *words, term="xterm") as seen:
        seen.wait_for("rr on long.json: ").wait_for(" segments")
        seen.process.send_signal(signal.SIGINT)

        assert seen.ended() == 130
        assert "wrote" not in seen.text
    assert [path.name for path in climb.folder.iterdir()] == ["long.json"]


def test_policies_are_compared(climb) -> None:
    """A sentence, tables and a plot, best first."""
    done = climb("sched", "compare", "convoy", "--policy", "fcfs", "--policy", "srtf", environment={"COLUMNS": "80"})

    assert (done.returncode, done.stderr) == (0, "")
    assert "srtf is best" in " ".join(done.stdout.split())
    assert done.stdout.index("\n  srtf ") < done.stdout.index("\n  fcfs ")
    assert "waiting of" in done.stdout
    assert "● half of the jobs" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_a_comparison_is_a_document_too(climb) -> None:
    """Ranked by the measure that was asked for."""
    document = json.loads(climb("sched", "compare", "interactive", "--by", "response", "--json").stdout)
    means = [each["response"]["mean"] for each in document["policies"]]

    assert (document["workload"], document["by"]) == ("interactive", "response")
    assert means == sorted(means)
    assert len(means) == 10


QUIZ = ("sched", "quiz", "--seed", "5", "--policy", "rr")


@pytest.fixture
def truth(climb) -> str:
    """What the rules say, in the notation of answers."""
    timeline = json.loads(climb(*QUIZ, "--reveal", "--json").stdout)["schedule"]["timeline"]
    return " ".join(f"{each['task']} {each['start']}-{each['end']}" for each in timeline)


def test_a_right_prediction_ends_with_0(climb, truth: str) -> None:
    """And offers the next level."""
    done = climb(*QUIZ, "--answer", truth)

    assert done.returncode == 0
    assert "Right: all" in done.stdout
    assert "climb sched quiz --policy rr --level 2" in done.stdout


def test_another_prediction_ends_with_1_and_the_reason(climb) -> None:
    """Both charts, the moment, the numbers that decided, and how to ask again."""
    done = climb(*QUIZ, "--answer", "AAAA")

    assert done.returncode == 1
    assert "It parts from the rule at tick 2." in done.stdout
    assert "▼ at 2" in done.stdout
    assert "\n  you " in done.stdout
    assert "\n  rules " in done.stdout
    assert "At tick 2 B has been ready since 1, A since 2." in done.stdout
    assert "again:  climb sched quiz --policy rr --seed 5" in done.stdout


def test_numbers_can_be_predicted_too(climb) -> None:
    """Those that are wrong are reckoned."""
    done = climb(*QUIZ, "--ask", "waiting", "--answer", "0 0 0")

    assert done.returncode == 1
    assert "waiting of A: 4, not 0." in done.stdout


def test_a_quiz_is_a_document_too(climb) -> None:
    """Without the truth, until there is an answer."""
    question = json.loads(climb(*QUIZ, "--json").stdout)
    wrong = climb(*QUIZ, "--json", "--answer", "AAAA")
    judged = json.loads(wrong.stdout)

    assert "schedule" not in question
    assert question["options"]["policy"] == "rr"
    assert (wrong.returncode, judged["right"], judged["parting"]["tick"]) == (1, False, 2)


def test_who_can_not_type_is_told_how_to_answer(climb) -> None:
    """The seed is part of it, so the same is asked again."""
    done = climb("sched", "quiz")
    seed = done.stdout.partition("quiz ")[2].partition(",")[0]

    assert done.returncode == 0
    assert f"--seed {seed} --answer TEXT" in done.stdout


def test_a_quiz_is_played_at_a_terminal(climb, truth: str) -> None:
    """What can't be read is asked for once more."""
    with terminal(climb, *QUIZ) as seen:
        seen.wait_for("your timeline: ").type("A2 Q2")
        seen.wait_for("there is no task 'Q'").type(truth)

        assert seen.ended() == 0
        assert "Right: all" in seen.text


def test_an_interrupted_quiz_leaves_nothing(climb) -> None:
    """No file, no process, the exit code of an interrupt."""
    with terminal(climb, *QUIZ) as seen:
        seen.wait_for("your timeline: ").wait_until_it_waits()
        seen.process.send_signal(signal.SIGINT)

        assert seen.ended() == 130
    assert list(climb.folder.iterdir()) == []
