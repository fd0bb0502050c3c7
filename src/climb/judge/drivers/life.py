"""One life of a service: from a start to the end that belongs to it, with its ports, its logs and what is told of it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Mapping
from pathlib import Path

from climb.judge.drivers.command import SHOWN_LINES, WHY_STOPPED, last_lines
from climb.judge.drivers.traces import Trace
from climb.judge.evidence import Comparison, Lifetime, Output
from climb.judge.expect import Failure
from climb.judge.guardian import Guardian
from climb.judge.limits import Limits
from climb.judge.output import Logged
from climb.judge.program import Outcome, Program, Stopped, environment
from climb.judge.scratch import Scratch
from climb.judge.world import ports

__all__ = ["ADDRESS", "ENDED", "Life", "Value"]

ADDRESS = "127.0.0.1"
ENDED = "how the program ended"
Value = str | int | Path | None  # of a variable; None takes away what the learner's shell may have set


class Life:
    """A program that was started as a service, or is about to be."""

    def __init__(
        self, number: int, words: list[str], folder: Path, *, env: Mapping[str, Value], port_names: tuple[str, ...]
    ) -> None:
        self.number = number
        self.ready: float | None = None  # seconds from its start
        self.terminated: float | None = None  # when SIGTERM was sent, in seconds since the check began
        self.expected = False  # whether the check knows that it ends
        self.began = 0.0  # seconds since the check began
        self.logged: Logged
        self.program: Program
        self.end: asyncio.Task[Outcome]
        self.ports: dict[str, int] = {}
        self._words = words
        self._folder = folder
        self._env = dict(env)
        self._port_names = port_names

    async def begin(self, scratch: Scratch, limits: Limits, began: float) -> None:
        """Start the program, on new free ports; its output goes to files."""
        held = self._hold_ports()
        self.began = began
        self.logged = Logged(scratch.logs / str(self.number))
        try:
            told = dict(self.variables)
            surroundings = {name: value for name, value in environment().items() if name not in self._env}
            self.program = Program(
                self._words, cwd=self._folder, env=surroundings | told, limits=limits, logged=self.logged
            )
            for sock in held:
                sock.close()  # as late as possible: from here on the port is the program's
            await self.program.__aenter__()
        finally:
            self.logged.close()
        self.end = asyncio.create_task(self._to_its_end(scratch.root))

    async def _to_its_end(self, folder: Path) -> Outcome:
        guardian = Guardian(self.program.pid, folder)
        try:
            return await self.program.wait()
        finally:
            guardian.dismiss()

    @property
    def variables(self) -> tuple[tuple[str, str], ...]:
        """What the program is told, ports first: the contract's variables and no others."""
        given = tuple((name, str(value)) for name, value in self._env.items() if value is not None)
        return (*((name, str(port)) for name, port in self.ports.items()), *given)

    @property
    def running(self) -> bool:
        """Whether the process that was started lives."""
        return hasattr(self, "end") and self.program.running

    @property
    def outcome(self) -> Outcome | None:
        """What is known of its end, once nothing of it is left."""
        return self.end.result() if hasattr(self, "end") and self.end.done() else None

    def last_lines(self) -> tuple[Output, ...]:
        """What it wrote last, if it wrote anything."""
        lines = last_lines(self.logged.stderr, SHOWN_LINES) or last_lines(self.logged.stdout, SHOWN_LINES)
        return (Output(title="the program's last lines", lines=lines),) if lines else ()

    def death(self) -> Failure:
        """The report of an end that the check did not expect."""
        outcome = self.outcome
        assert outcome is not None
        self.expected = True  # told once
        since_ready = "" if self.ready is None else f", {max(outcome.seconds - self.ready, 0):.2f} s after it was ready"
        comparison = Comparison(
            subject=ENDED,
            expected="running until the judge stops it",
            received=f"{outcome.ending} {outcome.seconds:.2f} s after its start{since_ready}",
            why=_why_ended(outcome),
        )
        return Failure(ENDED, comparison, *self.last_lines())

    def lifetime(self, now: float) -> Lifetime:
        """How it went, as evidence."""
        outcome = self.outcome
        return Lifetime(
            number=self.number,
            argv=self.program.argv,
            env=self.variables,
            folders=tuple(str(value) for value in self._env.values() if isinstance(value, Path)),
            started=round(self.began, 3),
            ready=None if self.ready is None else round(self.ready, 3),
            ended=_how_ended(outcome),
            seconds=round(outcome.seconds if outcome else now - self.began, 3),
            peak_memory=self.program.peak_memory,
        )

    def traces(self) -> tuple[Trace, ...]:
        """What it was told and wrote, as a run folder keeps it."""
        started = [*(f"{name}={value}" for name, value in self.variables), *self.program.argv]
        stdout, stderr = self.logged.kept()
        return (
            Trace("services", f"{self.number}.start", os.fsencode("\n".join(started) + "\n")),
            Trace("services", f"{self.number}.stdout", stdout),
            Trace("services", f"{self.number}.stderr", stderr),
        )

    def _hold_ports(self) -> list[socket.socket]:
        held = [ports.held_somewhere(ADDRESS) for _ in self._port_names]
        self.ports = {name: sock.getsockname()[1] for name, sock in zip(self._port_names, held, strict=True)}
        return held


def _how_ended(outcome: Outcome | None) -> str:
    if outcome is None:
        return "still running"
    return "ended with the check" if outcome.ending.stopped is Stopped.CALLER else str(outcome.ending)


def _why_ended(outcome: Outcome) -> str:
    ending = outcome.ending
    if ending.stopped is not None:
        return WHY_STOPPED[ending.stopped]
    if ending.signal == signal.SIGKILL:
        return "The judge did not send this signal. The kernel sends it when the machine runs out of memory."
    if ending.signal is not None:
        return "The system ended your program with this signal: it crashed, and all its clients are cut off."
    return "A service runs until it is asked to stop. When it ends by itself, all its clients are cut off."
