"""What a measurement works on: it records samples and facts, says how far it is, and starts processes that surely end."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from climb.errors import SetupError
from climb.labs.result import Sample
from climb.parent import end_with_parent

__all__ = ["Bench", "received"]

_STOP_SECONDS = 2.0
_ANSWER_SECONDS = 20.0

OnProgress = Callable[[float, str], None]


class Bench:
    """One measurement's bench. ``on_progress`` is told the share done, 0 to 1, and what is being done."""

    def __init__(self, on_progress: OnProgress) -> None:
        self._on_progress = on_progress
        self._values: dict[tuple[str, str, float | None], list[float]] = {}
        self._told = 0.0
        self.facts: dict[str, float | str] = {}

    @property
    def samples(self) -> tuple[Sample, ...]:
        """Everything recorded so far, one sample for each series and x value."""
        return tuple(
            Sample(series=series, unit=unit, at=at, values=tuple(values))
            for (series, unit, at), values in self._values.items()
        )

    def record(self, series: str, value: float, *, unit: str, at: float | None = None) -> None:
        """Keep one measurement of ``series``, at the x value ``at`` if it has one."""
        self._values.setdefault((series, unit, at), []).append(value)

    def fact(self, name: str, value: float | str) -> None:
        """Keep something that was found out once, such as a kernel setting."""
        self.facts[name] = value

    def progress(self, share: float, doing: str) -> None:
        """Say how far the measurement is; told at most ten times a second, so it does not disturb."""
        now = time.monotonic()
        if now - self._told >= 0.1 or share >= 1:
            self._told = now
            self._on_progress(min(max(share, 0.0), 1.0), doing)

    def rounds(self, count: int, doing: str, *, begin: float = 0.0, end: float = 1.0) -> Iterator[int]:
        """Count from 0 to ``count`` - 1, telling progress between ``begin`` and ``end`` before each round."""
        for number in range(count):
            self.progress(begin + (end - begin) * number / count, f"{doing}: {number + 1} of {count}")
            yield number

    @property
    def folder(self) -> Path:
        """A folder of this run alone, on the file system of ``CLIMB_HOME``; it is removed when the run ends, however it ends."""
        return Path.cwd()

    def raise_file_limit(self, wanted: int) -> int:
        """Allow this process, and what it starts, to hold ``wanted`` descriptors; returns how many it may hold."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        if soft < allowed:
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        return max(soft, allowed)

    @contextlib.contextmanager
    def process(self, target: Callable[..., None], *arguments: Any) -> Iterator[Connection]:
        """Run ``target(connection, *arguments)`` in a forked process, and talk to it over the connection that this gives.

        The process is gone when the block ends, and also if this one is killed.
        """
        ours, theirs = multiprocessing.Pipe()
        fork = multiprocessing.get_context("fork")
        process = fork.Process(target=_child, args=(os.getpid(), ours, theirs, target, arguments), daemon=True)
        process.start()
        theirs.close()
        try:
            yield ours
        finally:
            ours.close()
            process.terminate()
            process.join(_STOP_SECONDS)
            if process.is_alive():
                process.kill()
                process.join(_STOP_SECONDS)


def received(connection: Connection) -> Any:
    """What a process of the lab says next. Raises SetupError if it has ended, or says nothing for long."""
    try:
        if connection.poll(_ANSWER_SECONDS):
            return connection.recv()
    except (EOFError, OSError) as error:
        raise SetupError(
            "a process of this lab was ended, perhaps because the machine has too little memory"
        ) from error
    raise SetupError(
        f"a process of this lab said nothing for {_ANSWER_SECONDS:.0f} s: the machine may be too busy for it"
    )


def _child(
    parent: int, ours: Connection, theirs: Connection, target: Callable[..., None], arguments: tuple[Any, ...]
) -> None:
    ours.close()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    end_with_parent(parent)
    target(theirs, *arguments)
