"""The command driver: run a program once per operation, with arguments and standard input, and keep everything it answers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import msgspec

from climb.judge.drivers.traces import Trace
from climb.judge.evidence import Comparison, Evidence, Output, Transcript
from climb.judge.expect import Failure, fail
from climb.judge.limits import Limits
from climb.judge.program import Outcome, Program, Stopped, environment, signal_name

__all__ = ["SHOWN_LINES", "WHY_STOPPED", "Call", "Command", "RunningCall", "last_lines"]

SHOWN_LINES = 32  # of a program's output in a report; the run folder has all of it
_SHOWN_CHARS = 4000


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One finished call: its arguments and its outcome."""

    number: int
    args: tuple[str, ...]
    stdin: bytes | None
    outcome: Outcome

    @property
    def seconds(self) -> float:
        """From the start of the process to its end."""
        return self.outcome.seconds

    @property
    def stdout(self) -> str:
        """Standard output as text; fails the check if it is not UTF-8."""
        try:
            return self.outcome.stdout.decode()
        except UnicodeDecodeError as error:
            fail(
                "standard output",
                expected="UTF-8 text",
                received=f"byte 0x{self.outcome.stdout[error.start]:02x} at offset {error.start}: {_around(error)!r}",
                why="Other programs read this output. Replace bytes that are not valid UTF-8 by U+FFFD before you print them.",
            )

    @property
    def stderr(self) -> str:
        """Standard error as text, undecodable bytes replaced."""
        return self.outcome.stderr.decode(errors="replace")

    def json_lines(self) -> list[dict[str, Any]]:
        """Standard output as one JSON object a line; fails the check at the first line that is not one."""
        # Not splitlines(): it also splits at U+0085 and U+2028, which may stand inside a JSON text.
        return [_object(number, line) for number, line in enumerate(self.stdout.split("\n"), 1) if line.strip()]

    def transcript(self) -> Transcript:
        """The call as evidence."""
        outcome = self.outcome
        return Transcript(
            number=self.number,
            argv=(*outcome.argv,),
            stdin=None if self.stdin is None else _cut(self.stdin),
            stdout=_cut(outcome.stdout),
            stdout_bytes=len(outcome.stdout),
            stderr=_cut(outcome.stderr),
            stderr_bytes=len(outcome.stderr),
            ended=str(outcome.ending),
            seconds=round(outcome.seconds, 4),
            peak_memory=outcome.peak_memory,
        )


class RunningCall:
    """A call that has not ended yet."""

    def __init__(self, program: Program, finish: Callable[[Outcome], Call]) -> None:
        self._program = program
        self._finish = finish

    @property
    def stdout(self) -> bytes:
        """What it has printed so far."""
        return self._program.stdout

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._program.running

    @property
    def ended_at(self) -> float:
        """The monotonic time at which it ended; only after ``wait``."""
        return self._program.ended_at

    def interrupt(self) -> float:
        """Send SIGINT, as Ctrl-C does; the monotonic time at which it was sent."""
        self._program.interrupt()
        return time.monotonic()

    async def wait(self, *, exit_code: int = 0) -> Call:
        """Wait for the end; fails the check if the program did not end with ``exit_code``."""
        call = self._finish(await self._program.wait())
        _demand_clean_end(call, exit_code)
        return call


class Command:
    """Runs the learner's program. Each call is recorded, so that the report can show the last one whole."""

    def __init__(self, words: list[str], folder: Path, *, limits: Limits | None = None) -> None:
        self._words = words
        self._folder = folder
        self._limits = limits or Limits()
        self.calls: list[Call] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing to do: each call has cleaned up behind itself."""

    def __repr__(self) -> str:
        return f"Command({' '.join(self._words)!r})"

    async def __call__(self, *args: str, stdin: bytes | None = None, exit_code: int | None = 0, **limits: Any) -> Call:
        """Run once and wait. ``limits`` are fields of ``Limits`` for this call; ``exit_code=None`` accepts any.

        Fails the check if the program crashed, crossed a limit, left processes behind or ended with another exit code.
        """
        async with self._program(args, stdin, limits) as program:
            call = self._finish(args, stdin, await program.wait())
        _demand_clean_end(call, exit_code)
        return call

    @contextlib.asynccontextmanager
    async def started(self, *args: str, stdin: bytes | None = None, **limits: Any) -> AsyncIterator[RunningCall]:
        """Run without waiting; leaving the block ends the program if it still runs."""
        async with self._program(args, stdin, limits) as program:
            yield RunningCall(program, lambda outcome: self._finish(args, stdin, outcome))

    async def until(self, ready: Callable[[], bool], *, deadline_s: float) -> bool:
        """Poll ``ready`` until it is true; false if the deadline passes first."""
        end = time.monotonic() + deadline_s
        while not ready():
            if time.monotonic() > end:
                return False
            await asyncio.sleep(0.01)
        return True

    def evidence(self, given: Sequence[Evidence]) -> tuple[Evidence, ...]:  # noqa: ARG002 - services look at it
        """What is told of a check that did not pass, beside what it gave itself: the last call."""
        return (self.calls[-1].transcript(),) if self.calls else ()

    def traces(self) -> tuple[Trace, ...]:
        """Each call's arguments, input and output, whole."""
        return tuple(trace for call in self.calls for trace in _traces(call))

    def _program(self, args: tuple[str, ...], stdin: bytes | None, limits: dict[str, Any]) -> Program:
        return Program(
            [*self._words, *args],
            cwd=self._folder,
            env=environment(),
            limits=msgspec.structs.replace(self._limits, **limits),
            stdin=stdin,
        )

    def _finish(self, args: tuple[str, ...], stdin: bytes | None, outcome: Outcome) -> Call:
        call = Call(number=len(self.calls) + 1, args=args, stdin=stdin, outcome=outcome)
        self.calls.append(call)
        return call


def _traces(call: Call) -> Iterator[Trace]:
    yield Trace("calls", f"{call.number}.argv", os.fsencode("\n".join(call.outcome.argv) + "\n"))
    if call.stdin is not None:
        yield Trace("calls", f"{call.number}.stdin", call.stdin)
    yield Trace("calls", f"{call.number}.stdout", call.outcome.stdout)
    yield Trace("calls", f"{call.number}.stderr", call.outcome.stderr)


def last_lines(data: bytes, count: int = SHOWN_LINES) -> tuple[str, ...]:
    """The last lines of an output, undecodable bytes replaced."""
    return tuple(data.decode(errors="replace").splitlines()[-count:])


WHY_STOPPED = {
    Stopped.TIME: "Every wait needs a deadline. A program that does not end keeps a port, a terminal or a pipeline waiting.",
    Stopped.MEMORY: "What a peer can make you store must be bounded, or a peer decides when your machine runs out of memory.",
    Stopped.PROCESSES: "Each process costs memory and a slot in the kernel's table; a program that starts them without bound takes the machine down.",
    Stopped.OUTPUT: "Nobody reads that much. A loop that prints without end fills disks and pipes.",
    Stopped.CALLER: "",
    Stopped.GRACE: "",
    Stopped.KILL: "",
}


def _demand_clean_end(call: Call, exit_code: int | None) -> None:
    outcome = call.outcome
    expected = "any exit code" if exit_code is None else f"exit code {exit_code}"
    if outcome.ending.stopped is not None:
        _fail_with_output(call, expected, str(outcome.ending), WHY_STOPPED[outcome.ending.stopped])
    if outcome.ending.signal is not None:
        why = f"The system ended your program with {signal_name(outcome.ending.signal)}: it crashed before it could finish."
        _fail_with_output(call, expected, str(outcome.ending), why)
    if outcome.leftovers:
        why = "When a command has ended, nothing of it may go on: what is left behind holds ports, files and memory."
        received = f"{outcome.ending}, and still running: " + "; ".join(outcome.leftovers)
        _fail_with_output(call, f"{expected} and no process left", received, why)
    if exit_code is not None and outcome.ending.code != exit_code:
        _fail_with_output(call, expected, str(outcome.ending), _why_code(exit_code))


def _why_code(expected: int) -> str:
    return {
        0: "Exit code 0 tells scripts that the work was done. Any other code, or a crash, tells them that it was not.",
        2: "Wrong usage ends with exit code 2, so that a script can tell it from a scan that found nothing.",
        130: "A program ended by Ctrl-C exits with 128 + 2 (SIGINT), and shells and scripts rely on it.",
    }.get(expected, f"The contract names exit code {expected} for this case.")


def _fail_with_output(call: Call, expected: str, received: str, why: str) -> None:
    subject = "how the program ended"
    evidence: list[Evidence] = [Comparison(subject=subject, expected=expected, received=received, why=why)]
    lines = last_lines(call.outcome.stderr) or last_lines(call.outcome.stdout)
    if lines:
        evidence.append(Output(title="the program's last lines", lines=lines))
    raise Failure(subject, *evidence)


def _object(number: int, line: str) -> dict[str, Any]:
    why = "Standard output is for results, one JSON object a line. Logs belong on standard error."
    try:
        value = msgspec.json.decode(line.encode())
    except (msgspec.DecodeError, RecursionError) as error:
        fail(
            f"line {number} of standard output", expected="a JSON object", received=f"{line[:200]}   ({error})", why=why
        )
    if not isinstance(value, dict):
        fail(f"line {number} of standard output", expected="a JSON object", received=line[:200], why=why)
    return value


def _around(error: UnicodeDecodeError) -> bytes:
    return bytes(error.object[max(error.start - 10, 0) : error.start + 10])


def _cut(data: bytes) -> str:
    text = data.decode(errors="replace")
    if len(text) <= _SHOWN_CHARS:
        return text
    half = _SHOWN_CHARS // 2
    return f"{text[:half]}\n[… {len(text) - 2 * half} characters left out …]\n{text[-half:]}"
