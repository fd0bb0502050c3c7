"""``climb stream`` and the processor project as a user meets them: a pipeline at work, checked, planned, judged, and begun."""

import contextlib
import json
import os
import re
import select
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ENOUGH_S = 120.0  # the first start compiles the engine
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "run-a-stream.md"
PIPELINE = """
[window]
length = "1s"
lateness = "10s"

[[sources]]
type = "tcp"
port = {tcp}

[[sources]]
type = "http"
port = {http}

[[sinks]]
type = "file"
path = "windows.jsonl"
"""


class Running:
    """``climb stream run`` in a process group of its own; everything that it starts has ``mark`` in its environment."""

    def __init__(self, climb, pipeline: str) -> None:
        self.mark = f"stream_{uuid.uuid4().hex}"
        self.process = subprocess.Popen(
            [climb.command, "stream", "run", pipeline],
            cwd=climb.folder,
            env={**climb.environment, self.mark: "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.text = ""

    def wait_for(self, text: str) -> None:
        """Read until ``text`` is there."""
        end = time.monotonic() + ENOUGH_S
        while text not in self.text:
            assert time.monotonic() < end, self.text
            if select.select([self.process.stdout], [], [], 0.1)[0]:
                piece = os.read(self.process.stdout.fileno(), 1 << 16)
                assert piece, self.text
                self.text += piece.decode()

    def interrupt(self) -> int:
        """Ctrl-C, which a terminal sends to the whole group; the exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        rest, _ = self.process.communicate(timeout=ENOUGH_S)
        self.text += rest.decode()
        return self.process.returncode

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()


@pytest.fixture
def ports() -> tuple[int, int]:
    """Two ports that were free a moment ago."""
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


@pytest.fixture
def running(climb, ports: tuple[int, int]) -> Iterator[Running]:
    """A pipeline from TCP and HTTP to a file, at work."""
    tcp, http = ports
    (climb.folder / "pipeline.toml").write_text(PIPELINE.format(tcp=tcp, http=http))
    stream = Running(climb, "pipeline.toml")
    try:
        stream.wait_for("is running")
        yield stream
    finally:
        stream.kill()


def written(page: Path, name: str) -> str:
    """The file of that name that a page has its reader write."""
    found = re.search(
        rf"<!-- file: {re.escape(name)} -->\n```\w*\n(.*?)```\n", page.read_text(encoding="utf-8"), re.DOTALL
    )
    assert found, name
    return found[1]


def test_simulated_sensors_agree_with_a_pipeline(climb, running: Running, ports: tuple[int, int]) -> None:
    """What the sensors sent, twice and broken lines too, is what the processor counted, and its windows are in the file."""
    words = ["--fast", "--readings", "20000", "--check", "--port", str(ports[0]), "--http-port", str(ports[1])]

    done = climb("stream", "sensors", *words)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "The processor agrees: all totals" in done.stdout
    closed = int(re.search(r"([\d,]+) closed windows", done.stdout)[1].replace(",", ""))
    assert running.interrupt() == 0
    windows = [json.loads(line) for line in (climb.folder / "windows.jsonl").read_text().splitlines()]
    assert len({(window["sensor"], window["start"]) for window in windows}) == len(windows) >= closed > 0


def test_an_interrupt_leaves_nothing(running: Running, nothing_lives: Callable[[str], bool]) -> None:
    """After Ctrl-C the pipeline has ended in order, and so have the processor, its workers and whatever kept them."""
    code = running.interrupt()

    assert code == 0, running.text
    assert "All that was acknowledged is kept." in running.text
    assert nothing_lives(running.mark)


def test_a_pipeline_whose_command_is_killed_leaves_nothing(
    running: Running, nothing_lives: Callable[[str], bool]
) -> None:
    """The processor ends with the command that started it, even if that gets no chance to say so."""
    running.process.kill()
    running.process.wait(ENOUGH_S)

    assert nothing_lives(running.mark)


@pytest.mark.parametrize("name", ["temperatures.toml", "daily.toml"])
def test_pipelines_of_the_guide_make_sense(climb, name: str) -> None:
    """The pipeline files that the page on running a stream shows are right."""
    (climb.folder / name).write_text(written(PAGE, name), encoding="utf-8")

    done = climb("stream", "validate", name)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{name} makes sense.\n")


def test_a_mistake_in_a_pipeline_is_told_with_its_place(climb) -> None:
    """A wrong pipeline is refused before anything starts, with what may be there and what is."""
    (climb.folder / "wrong.toml").write_text(PIPELINE.format(tcp=7071, http=7070).replace('"1s"', '"a while"'))

    done = climb("stream", "run", "wrong.toml")

    assert done.returncode == 2
    assert 'wrong.toml: window.length: expected a time with its unit, such as "500ms"' in done.stderr
    assert 'got "a while"' in done.stderr


def test_a_pipeline_as_flink_sql(climb) -> None:
    """The plan has a table for each source and sink, the windows between them, and says what differs there."""
    (climb.folder / "daily.toml").write_text(written(PAGE, "daily.toml"), encoding="utf-8")

    done = climb("stream", "plan", "daily.toml")

    assert done.returncode == 0, done.stderr
    assert re.findall(r"^CREATE TEMPORARY TABLE (\w+)", done.stdout, re.MULTILINE) == ["source_1", "sink_1"]
    assert "TABLE(TUMBLE(TABLE `readings`" in done.stdout
    assert done.stdout.startswith("-- ")


def test_a_pipeline_without_counterpart_on_flink_is_refused(climb) -> None:
    """Lines over TCP can't be read by Flink: the plan says so, and what to do instead."""
    (climb.folder / "temperatures.toml").write_text(written(PAGE, "temperatures.toml"), encoding="utf-8")

    done = climb("stream", "plan", "temperatures.toml")

    assert done.returncode == 2
    assert "Kafka" in done.stderr


@pytest.mark.slow
def test_our_processor_holds_the_first_stage(climb) -> None:
    """Our own system is started and judged like any other program."""
    home = {"HOME": str(climb.shared_home)}  # the judge tells programs nothing of CLIMB_CACHE

    done = climb("check", "--reference", "processor", "--stage", "1", "--json", environment=home)

    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["stages"][0]["status"] == "passed"


@pytest.mark.slow
def test_the_starter_fails_because_it_acknowledges_nothing(climb) -> None:
    """A new folder builds and is ready, and its first failure is the work that its author is to do."""
    assert climb("start", "processor", "--lang", "python").returncode == 0

    done = climb("check", "--json", folder="processor")

    verdict = json.loads(done.stdout)
    first = verdict["stages"][0]["checks"][0]
    (comparison,) = [piece for piece in first["evidence"] if piece["type"] == "comparison"]
    assert done.returncode == 1
    assert (first["number"], first["status"]) == ("1.1", "failed")
    assert comparison["received"].startswith("no ack for ")
