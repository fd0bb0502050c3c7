"""Two programs do the same work in turns: ours, theirs, ours, theirs. What both take, and the ratio pair by pair.

Neighbours in time share the machine's mood, so the ratio of a pair is worth more than the ratio of two averages. A
sample counts only if the answer was right; each side warms up once. Shared by all benchmarks that race a peer.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["Launcher", "Race", "Result", "Sample", "Side", "WrongAnswerError", "machine", "report", "run", "version"]


TRIES = 5  # runs of one side until it is right, before the race is called off


class WrongAnswerError(Exception):
    """A side did not do the work; how fast it failed is of no interest."""


@dataclass(frozen=True)
class Sample:
    """One run of one program."""

    seconds: float
    cpu_s: float
    peak_kib: int
    exit_code: int
    stdout: str = field(repr=False)
    stderr: str = field(repr=False)


@dataclass(frozen=True)
class Side:
    """A program, and how to tell that it did the work: ``check`` raises ``WrongAnswerError``."""

    name: str
    command: Sequence[str]
    check: Callable[[str], None]
    fixed_wait_s: float = 0.0  # that the program sleeps at the end, by an option we gave it
    misses: list[float] = field(default_factory=list)  # seconds of the runs whose answer was wrong


@dataclass(frozen=True)
class Race:
    """What is run against what."""

    title: str
    ours: Side
    theirs: Side
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Result:
    """All samples of a race, in the order of the pairs."""

    race: Race
    ours: Sequence[Sample]
    theirs: Sequence[Sample]

    def ratios(self, *, without_waits: bool = False) -> list[float]:
        """Theirs / ours of each pair: above one means that we are faster."""
        spared = (self.race.ours.fixed_wait_s, self.race.theirs.fixed_wait_s) if without_waits else (0.0, 0.0)
        pairs = zip(self.ours, self.theirs, strict=True)
        return [(theirs.seconds - spared[1]) / (ours.seconds - spared[0]) for ours, theirs in pairs]


class Launcher:
    """The process that starts the sides; see ``launcher.py``. ``prefix`` may put it into a network namespace."""

    def __init__(self, folder: Path, environment: dict[str, str], prefix: Sequence[str] = ()) -> None:
        """Start it; output is kept in ``folder`` as long as a run lasts."""
        self._output = [str(folder / name) for name in ("stdout", "stderr")]
        self._environment = environment
        script = Path(__file__).with_name("launcher.py")
        self._process = subprocess.Popen(
            [*prefix, sys.executable, "-I", "-S", str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.terminate()
        self._process.wait()

    def start(self, command: Sequence[str]) -> Sample:
        """Run a command to its end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        variables = [f"{key}={value}" for key, value in self._environment.items()]
        order = {"command": list(command), "environment": variables, "output": self._output}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise WrongAnswerError(f"could not start {command[0]}")
        stdout, stderr = (Path(path).read_text(errors="replace") for path in self._output)
        return Sample(**json.loads(line), stdout=stdout, stderr=stderr)


def run(race: Race, rounds: int, launcher: Launcher) -> Result:
    """Run a race: one warm-up each, then pairs. Progress goes to standard error."""
    for side in (race.ours, race.theirs):
        _tell(f"{race.title}: warming up {side.name}")
        _checked(side, launcher)
    ours, theirs = [], []
    for number in range(rounds):
        ours.append(_checked(race.ours, launcher))
        theirs.append(_checked(race.theirs, launcher))
        pair = f"{ours[-1].seconds:.3f} s against {theirs[-1].seconds:.3f} s"
        _tell(f"{race.title}: pair {number + 1} of {rounds}: {pair}")
    return Result(race, ours, theirs)


def _checked(side: Side, launcher: Launcher) -> Sample:
    """Run a side until its answer is right; a wrong one is said and thrown away."""
    for left in reversed(range(TRIES)):
        sample = launcher.start(side.command)
        try:
            _judge(side, sample)
        except WrongAnswerError as error:
            last_words = sample.stderr.strip().splitlines()[-1:] or ["nothing"]
            _tell(f"{side.name}, {sample.seconds:.3f} s, does not count: {error}. It said: {last_words[0].strip()}")
            side.misses.append(sample.seconds)
            if not left:
                raise WrongAnswerError(f"{side.name} was wrong {TRIES} times in a row: {error}") from error
        else:
            break
    return sample


def _judge(side: Side, sample: Sample) -> None:
    if sample.exit_code:
        raise WrongAnswerError(f"exit code {sample.exit_code}")
    side.check(sample.stdout)


def report(result: Result) -> str:
    """Return a race as a paragraph for people."""
    race = result.race
    lines = [race.title]
    for side, samples in ((race.ours, result.ours), (race.theirs, result.theirs)):
        seconds = statistics.median(sample.seconds for sample in samples)
        cpu = statistics.median(sample.cpu_s for sample in samples)
        peak = max(sample.peak_kib for sample in samples) / 1024
        lines.append(f"  {side.name:10} median {seconds:7.3f} s   processor {cpu:7.3f} s   peak memory {peak:6.1f} MiB")
        if side.misses:
            lines.append(f"  {'':10} {len(side.misses)} more runs were wrong and do not count")
    lines.append(f"  theirs / ours   {_spread(result.ratios())}")
    if race.ours.fixed_wait_s or race.theirs.fixed_wait_s:
        lines.append(f"  without waits   {_spread(result.ratios(without_waits=True))}")
    lines += [f"  {note}" for note in race.notes]
    return "\n".join(lines)


def as_data(result: Result) -> dict[str, object]:
    """Return a race for programs to read."""
    sides = {"ours": (result.race.ours, result.ours), "theirs": (result.race.theirs, result.theirs)}
    data: dict[str, object] = {"title": result.race.title, "ratios": result.ratios(), "notes": list(result.race.notes)}
    for key, (side, samples) in sides.items():
        shown = [{k: v for k, v in asdict(sample).items() if k not in ("stdout", "stderr")} for sample in samples]
        data[key] = {"name": side.name, "command": list(side.command), "samples": shown}
    return data


def _spread(ratios: Sequence[float]) -> str:
    return f"{statistics.median(ratios):.2f}  ({min(ratios):.2f} to {max(ratios):.2f}, {len(ratios)} pairs)"


def machine() -> str:
    """Return the line that says where this was measured."""
    return f"{os.cpu_count()} processors, {platform.system()} {platform.release()}, Python {platform.python_version()}"


def version(command: Sequence[str]) -> str:
    """Return the first line that a tool says about its version."""
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    return next((line.strip() for line in (said.stdout + said.stderr).splitlines() if line.strip()), "unknown")


@contextmanager
def environment() -> Iterator[tuple[Path, dict[str, str]]]:
    """Yield a temporary folder and the environment of an installed program, with compiled modules in that folder."""
    with tempfile.TemporaryDirectory(prefix="climb-bench-") as folder:
        variables = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        yield Path(folder), {**variables, "PYTHONPYCACHEPREFIX": f"{folder}/compiled"}


def _tell(message: str) -> None:
    print(message, file=sys.stderr, flush=True)
