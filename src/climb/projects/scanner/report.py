"""A scanner's answer, read: the driver that stages call, and the report that it returns.

Reading demands what every stage stands on (JSON lines, a summary at the end, a host, a port and a state in each line). The finer
points of the contract have checks of their own.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from climb.judge.drivers.command import Call, Command, RunningCall
from climb.judge.expect import Failure, fail
from climb.judge.program import Stopped

__all__ = ["Report", "Scanner", "listed", "quoted", "spans"]

_STATES = ("open", "closed", "filtered")


class Report:
    """What one scan printed."""

    def __init__(self, call: Call) -> None:
        lines = call.json_lines()
        if not lines or "summary" not in lines[-1]:
            fail(
                "the last line of standard output",
                expected='{"summary": {"hosts": …, "ports": …, "open": …, "closed": …, "filtered": …, "elapsed_s": …}}',
                received=call.stdout.splitlines()[-1][:200]
                if call.stdout.strip()
                else "nothing: standard output is empty",
                why="Whoever reads your output knows by the summary that the scan is complete.",
            )
        self.call = call
        self.summary: dict[str, Any] = _summary(lines[-1]["summary"])
        self.rows = [_row(number, line) for number, line in enumerate(lines[:-1], 1)]

    def __repr__(self) -> str:
        return f"Report({len(self.rows)} ports, {self.call.outcome.ending})"

    @property
    def ports(self) -> list[int]:
        """The port of each line, in ascending order, repetitions kept."""
        return sorted(row["port"] for row in self.rows)

    @property
    def open_ports(self) -> set[int]:
        """The ports that were reported open."""
        return {row["port"] for row in self.rows if row["state"] == "open"}

    @property
    def pairs(self) -> list[str]:
        """``host port`` of each line, in ascending order, repetitions kept."""
        return sorted(f"{row['host']} {row['port']}" for row in self.rows)

    @property
    def open_pairs(self) -> set[str]:
        """``host port`` of what was reported open."""
        return {f"{row['host']} {row['port']}" for row in self.rows if row["state"] == "open"}

    @property
    def hosts(self) -> set[str]:
        """The hosts that any line names."""
        return {row["host"] for row in self.rows}

    def row(self, port: int, host: str | None = None) -> dict[str, Any]:
        """The line about ``port``; fails the check if there is none."""
        for row in self.rows:
            if row["port"] == port and host in (None, row["host"]):
                return row
        fail(
            f"the line about port {port}",
            expected=f'{{"port": {port}, …}}',
            received=f"no such line; there are lines about {self.ports}" if self.rows else "no line about any port",
            why="Each open port has a line of its own; with --all each port has.",
        )


class Scanner:
    """Runs the learner's scanner and reads its answer."""

    def __init__(self, command: Command) -> None:
        self.command = command

    async def __call__(self, *args: object, **limits: Any) -> Report:
        """Scan with these arguments; fails the check unless it ends with exit code 0 and a readable answer."""
        return Report(await self.command(*map(str, args), **limits))

    @contextlib.asynccontextmanager
    async def started(self, *args: object, **limits: Any) -> AsyncIterator[RunningCall]:
        """Begin a scan that the check watches or interrupts."""
        async with self.command.started(*map(str, args), **limits) as running:
            yield running

    async def seconds(self, *args: object, **limits: Any) -> float:
        """How long a scan takes, in seconds. One that the judge stops after a while has taken that long."""
        try:
            return (await self(*args, **limits)).call.seconds
        except Failure:
            outcome = self.command.calls[-1].outcome
            if outcome.ending.stopped is not Stopped.TIME:
                raise
            return outcome.seconds

    async def startup_s(self, address: str, closed_port: int) -> float:
        """How long the program takes for next to nothing: one port that refuses. The shortest of two calls, in seconds."""
        calls = [await self("--ports", closed_port, address) for _ in range(2)]
        return min(report.call.seconds for report in calls)


def listed(ports: list[int] | set[int]) -> str:
    """Ports as ``--ports`` wants them."""
    return ",".join(map(str, sorted(ports)))


def quoted(data: bytes) -> str:
    """Bytes in quotation marks, with escapes for what is not plain ASCII."""
    return repr(data)[1:]


def spans(ports: list[int] | set[int]) -> str:
    """Ports as ``--ports`` wants them, those that follow each other as ranges."""
    runs: list[list[int]] = []
    for port in sorted(ports):
        if runs and runs[-1][-1] == port - 1:
            runs[-1][1:] = [port]
        else:
            runs.append([port])
    return ",".join("-".join(map(str, run)) for run in runs)


def _summary(value: object) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    fail("the summary", expected="an object", received=repr(value), why="Its counts are read by name.")


def _row(number: int, line: dict[str, Any]) -> dict[str, Any]:
    host, port, state = line.get("host"), line.get("port"), line.get("state")
    if isinstance(host, str) and isinstance(port, int) and state in _STATES:
        return line
    fail(
        f"line {number} of standard output",
        expected='"host": a text, "port": a whole number, "state": "open", "closed" or "filtered"',
        received=f'"host": {host!r}, "port": {port!r}, "state": {state!r}',
        why="These three say what was found where. The rest of the line describes it.",
    )
