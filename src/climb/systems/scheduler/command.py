"""The command of the brief: a workload in, a schedule out. It loads nothing that a small workload does not need."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING

from climb.systems.scheduler.errors import SchedulerError, UsageError
from climb.systems.scheduler.model import POLICIES, Options

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

LARGEST = 1_000_000_000
_NUMBERS = {
    "--quantum": (1, LARGEST),
    "--aging": (0, LARGEST),
    "--levels": (1, LARGEST),
    "--allotment": (1, LARGEST),
    "--boost": (0, LARGEST),
    "--seed": (1, 2147483646),
    "--latency": (1, LARGEST),
    "--granularity": (1, LARGEST),
}
_WORDS = {"--policy": POLICIES, "--queues": ("global", "per-cpu")}

HELP = f"""\
Usage: {{name}} --policy NAME [--workload FILE] [option value]...

Play the scheduler of an operating system: read a workload, write the schedule. Both are JSON documents.

  --policy NAME      {" ".join(POLICIES)}
  --workload FILE    the workload; without it, standard input is read
  --quantum N        ticks: the time slice of rr, mlfq, lottery, stride and eevdf; 4
  --aging N          priority: ticks of waiting that count as one level, 0 for none; 0
  --levels N         mlfq: how many queues; 3
  --allotment N      mlfq: ticks that a task may use on one level; the quantum
  --boost N          mlfq: ticks between two boosts, 0 for none; 0
  --seed N           lottery: where the random numbers begin; 1
  --latency N        cfs: ticks in which each task should have run once; 24
  --granularity N    cfs: the shortest slice, and the lead that a wake-up must have; 3
  --queues KIND      global: one queue for all processors; per-cpu: one for each; global

Exit code 2, with one line that says why: the workload or an option makes no sense.
"""


def main(words: Sequence[str], name: str) -> int:
    """Run the command; return its exit code."""
    if "--help" in words or "-h" in words:
        print(HELP.format(name=name), end="")
        return 0
    gc.disable()  # nothing here forms cycles, and looking for them takes a fifth of the time of a large workload
    try:
        options, path = parsed(words)
        from climb.systems.scheduler.reading import read_workload

        workload = read_workload(_document(path))
    except SchedulerError as error:
        print(_one_line(str(error)), file=sys.stderr)
        return 2
    from climb.systems.scheduler.writing import write_schedule

    try:
        write_schedule(workload, options, sys.stdout.buffer)
        sys.stdout.flush()
    except BrokenPipeError:  # who read the schedule has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return 0


def parsed(words: Sequence[str]) -> tuple[Options, str | None]:
    """Return the options and the path of the workload; raise UsageError."""
    values: dict[str, object] = {}
    path = None
    for option, value in zip(words[::2], [*words[1::2], None], strict=False):
        if option not in _NUMBERS and option not in _WORDS and option != "--workload":
            raise UsageError(f"{option}: there is no such option; --help lists them")
        if value is None:
            raise UsageError(f"{option}: needs a value")
        if option == "--workload":
            path = value
        else:
            values[option[2:]] = _chosen(option, value) if option in _WORDS else _whole(option, value)
    if "policy" not in values:
        raise UsageError(f"--policy: is missing; choose one of {', '.join(POLICIES)}")
    return Options(**values), path  # type: ignore[arg-type]  # each value was checked against its option


def _chosen(option: str, value: str) -> str:
    if value not in _WORDS[option]:
        raise UsageError(f"{option}: must be one of {', '.join(_WORDS[option])}, not {value!r}")
    return value


def _whole(option: str, value: str) -> int:
    smallest, largest = _NUMBERS[option]
    digits = value.removeprefix("-")
    if digits.isascii() and digits.isdigit() and len(digits) < 20 and smallest <= int(value) <= largest:
        return int(value)
    raise UsageError(f"{option}: must be a whole number from {smallest} to {largest}, not {value!r}")


def _document(path: str | None) -> bytes:
    """Return the bytes of the workload, a little more than may be there at most."""
    from climb.systems.scheduler.reading import MOST_BYTES

    try:
        if path is None:
            return sys.stdin.buffer.read(MOST_BYTES + 1)
        with open(path, "rb") as file:  # noqa: PTH123  # pathlib would be loaded for this alone
            return file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # a ValueError if the path has a null byte
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"--workload: {path or 'standard input'} can't be read: {reason}") from None


def _one_line(message: str) -> str:
    """Return a message that can't become several lines, whatever it quotes."""
    text = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in message)
    return text if len(text) <= 300 else f"{text[:299]}…"
