"""A learner's home with real content, for pictures: everything in it was judged, measured or written on the spot."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from climb.course.loader import course
from climb.course.model import ChoiceQuestion
from climb.errors import CourseError
from climb.journal import entries
from climb.journal.quotes import quote_lab, quote_run
from climb.judge.gate.wrong import read_all
from climb.labs import lab as labs, store
from climb.progress.answers import record, right_choice
from climb.progress.history import run_summaries
from climb.stack.ports import free_port

__all__ = ["SampleHome"]

_BUG = ('errno.ENOTCONN else "filtered"\n', 'errno.ENOTCONN else "closed"\n')  # silence until the timeout, misread
_PIPELINE = """\
[window]
length = "10s"
lateness = "1s"
[[sources]]
type = "tcp"
port = {tcp}
[[sinks]]
type = "http"
port = {http}
"""
_TEXT = """\
I took every port that is not open for closed. The report shows the difference: a closed port *answers*, with RST, and
`connect()` fails at once with ECONNREFUSED. Silence until the timeout means that something dropped the packet.

{run}

The handshake costs more here than I thought, although nothing is far away:

{lab}
"""


class SampleHome:
    """The home, and the workbench that serves it. ``checkout`` is where right programs are found."""

    def __init__(self, checkout: Path, folder: Path) -> None:
        self.folder = folder
        self.home = folder / ".climb"
        self._tests = checkout / "tests"
        self._right = self._tests / "right" / "scanner" / "python-threads"
        self._environment = {**os.environ, "CLIMB_HOME": str(self.home), "PYTHONUTF8": "1"}
        self._server: subprocess.Popen[str] | None = None

    def serve(self) -> str:
        """Start the workbench; its address."""
        command = [sys.executable, "-m", "climb", "up", "--no-browser", "--port", "0"]
        self._server = subprocess.Popen(
            command, cwd=self.folder, env=self._environment, text=True, stdout=subprocess.PIPE
        )
        assert self._server.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", self._server.stdout.readline())
        assert found is not None, "climb up says its address first"
        return found[0]

    def end(self) -> None:
        """End the workbench, and all that it started."""
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)
            self._server.communicate(timeout=30)

    def run_the_starter(self) -> None:
        """A first run, which fails at once."""
        self._climb("start", "scanner", "--lang", "python")
        self._climb("check", "scanner")

    def run_with_a_bug(self) -> str:
        """The scanner after some hours of work, with one bug left: it takes filtered ports for closed. The run's name."""
        folder = self.folder / "scanner"
        source = (self._right / "scanner.py").read_text(encoding="utf-8")
        before, found, after = source.partition(_BUG[0])
        if not found:
            raise CourseError(f"{self._right / 'scanner.py'} has no line {_BUG[0].strip()!r} any more")
        (folder / "scanner.py").write_text(before + _BUG[1] + after, encoding="utf-8")
        self._climb("check", "scanner", "--seed", "41c2")
        return run_summaries(self.home)[-1].run

    def run_a_service_with_a_bug(self, name: str) -> str:
        """A processor into which the wrong program ``name`` is planted, judged on the stage that catches it. The run's name."""
        wrong = next(each for each in read_all(self._tests, "processor") if each.name == name)
        folder = self.folder / "processor"
        shutil.copytree(wrong.source, folder, ignore=shutil.ignore_patterns("__pycache__", ".climb"))
        wrong.plant(folder)
        self._climb("check", "processor", "--stage", wrong.catches.partition("/")[0], "--seed", "41c2")
        return run_summaries(self.home)[-1].run

    @contextmanager
    def stream(self) -> Iterator[str]:
        """Our own processor under the load of simulated sensors; where it answers."""
        tcp, http = free_port(), free_port()
        file = self.folder / "pipeline.toml"
        file.write_text(_PIPELINE.format(tcp=tcp, http=http), encoding="utf-8")
        words = [sys.executable, "-m", "climb", "stream"]
        run = subprocess.Popen(
            [*words, "run", str(file)], cwd=self.folder, env=self._environment, text=True, stdout=subprocess.PIPE
        )
        sensors: subprocess.Popen[str] | None = None
        try:
            assert run.stdout is not None
            run.stdout.readline()  # it says where it is when it is ready
            ports = ["--port", str(tcp), "--http-port", str(http), "--rate", "20000"]
            sensors = subprocess.Popen(
                [*words, "sensors", *ports],
                cwd=self.folder,
                env=self._environment,
                text=True,
                stdout=subprocess.DEVNULL,
            )
            yield f"127.0.0.1:{http}"
        finally:
            for process in (sensors, run):
                if process is not None:
                    process.send_signal(signal.SIGINT)
                    process.communicate(timeout=30)

    def measure(self, slug: str, value: float, because: str) -> str:
        """Predict, then run a lab; the result's id."""
        self._climb("lab", slug, "--predict", f"{value:g}", "--because", because)
        return store.results(self.home, slug)[-1].id

    def answer(self, *slugs: str) -> None:
        """Answer the questions of these concepts rightly."""
        for slug in slugs:
            question = course().concepts[slug].question
            assert isinstance(question, ChoiceQuestion)
            record(self.home, slug, question, str(right_choice(question)))

    def write(self, run: str, slug: str, result: str) -> str:
        """An entry that quotes a run and a lab; its id."""
        summary = next(each for each in run_summaries(self.home) if each.run == run)
        failing = summary.first_failure
        found = store.find_result(self.home, slug, result)
        text = _TEXT.format(
            run=quote_run(summary, failing.failure[0] if failing and failing.failure else ""),
            lab=quote_lab(found, labs.find(slug).explanation(found)),
        )
        asked = next(prompt for prompt in course().modules["1.1"].reflections if "scanner" in prompt.ask)
        entry = entries.create(
            self.home,
            title="Closed is an answer, filtered is silence",
            text=text,
            module="1.1",
            prompt=asked.ask,
            prompt_id=f"module/1.1/{asked.id}",
        )
        return entry.id

    def _climb(self, *words: str) -> None:
        command = [sys.executable, "-m", "climb", *words]
        done = subprocess.run(
            command, cwd=self.folder, env=self._environment, capture_output=True, text=True, check=False
        )
        if done.returncode not in (0, 1):
            raise CourseError(f"climb {' '.join(words)} ended with {done.returncode}: {done.stderr}")

    def remove(self) -> None:
        """Leave nothing."""
        shutil.rmtree(self.folder)
