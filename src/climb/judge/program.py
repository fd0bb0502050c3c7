"""A learner's program as a lifecycle: start, watch, stop, post-mortem, and proof that nothing is left.

The dangerous part of the judge is in this file and in ``processes.py``. Rules: every program runs in a session of its own; a
watcher looks at its memory, processes and output ten times a second; whoever starts a program awaits ``wait()`` or leaves the
``async with`` block, and after either no process of it is alive.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from climb.counted import counted
from climb.judge import processes
from climb.judge.limits import MIB, Limits
from climb.judge.output import Captured, Logged

__all__ = ["Ending", "Outcome", "Program", "Stopped", "environment", "signal_name"]

_WATCH_S = 0.1  # a service lives longer and has its processors to itself: it is looked at less often
_WATCH_SERVICE_S = 0.25
_WATCH_SHARE = 30  # of the time is the program's, and one part is the look
_LEFTOVER_GRACE_S = 0.25  # a wrapper's children may need a moment to follow it
# The world raises our own soft limit when it needs many sockets; programs get what the user's shell gave us.
_OPEN_FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[0]


class Stopped(StrEnum):
    """Which bound the judge enforced."""

    TIME = "time"
    MEMORY = "memory"
    PROCESSES = "processes"
    OUTPUT = "output"
    GRACE = "grace"  # it did not end after SIGTERM
    KILL = "kill"  # the check wanted it to die
    CALLER = "caller"  # the check no longer needed it


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """How a program ended: its exit code, or the signal that ended it, and whether the judge stopped it."""

    code: int | None
    signal: int | None
    stopped: Stopped | None
    limits: Limits

    def __str__(self) -> str:
        if self.stopped is not None:
            return f"stopped by the judge: {_crossed(self.stopped, self.limits)}"
        if self.signal is not None:
            return f"killed by {signal_name(self.signal)}"
        return f"exit code {self.code}"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a program that has ended."""

    argv: tuple[str, ...]
    ending: Ending
    stdout: bytes
    stderr: bytes
    seconds: float
    peak_memory: int
    peak_processes: int
    leftovers: tuple[str, ...]


class _Ears(asyncio.SubprocessProtocol):
    """Hears a process write, its pipes close, and the process end.

    asyncio's own ``Process.wait`` can't be used: it waits for the pipes too, and a child left behind holds them open for as
    long as it likes.
    """

    def __init__(
        self,
        began: Callable[[asyncio.SubprocessTransport], None],
        heard: Callable[[int, bytes], None],
        fell_silent: Callable[[], None],
        ended: Callable[[], None],
    ) -> None:
        self._began = began
        self._heard = heard
        self._fell_silent = fell_silent
        self._ended = ended
        self._open = {1, 2}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._began(transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._heard(fd, data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._open.discard(fd)
        if not self._open:
            self._fell_silent()

    def process_exited(self) -> None:
        self._ended()


class Program:
    """One running program. Use ``async with Program(...) as program``, then ``await program.wait()``."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        limits: Limits,
        stdin: bytes | None = None,
        logged: Logged | None = None,
    ) -> None:
        self.argv = tuple(argv)
        self.limits = limits
        self._cwd = cwd
        self._marker = uuid.uuid4().hex
        self._env = {**env, processes.MARKER: self._marker}
        self._stdin = stdin
        self._transport: asyncio.SubprocessTransport | None = None
        self._stopped: Stopped | None = None
        self._logged = logged is not None
        self._output: Captured | Logged = logged or Captured(limits.output)
        self._peaks = [0, 0]
        self.ended_at = 0.0  # monotonic; set when the process has ended
        self._waiting: asyncio.Task[Outcome] | None = None

    def __repr__(self) -> str:
        state = "not started" if self._transport is None else f"pid {self.pid}"
        return f"Program({' '.join(self.argv)!r}, {state})"

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._started = time.monotonic()
        self._ended: asyncio.Future[int] = loop.create_future()
        self._silent: asyncio.Future[None] = loop.create_future()  # the last that held the output pipes has closed them
        transport, _ = await loop.subprocess_exec(
            lambda: _Ears(self._begin, self._hear, self._mark_silence, self._mark_end),
            *_with_limits(self.argv, self.limits),
            cwd=self._cwd,
            env=self._env,
            stdin=subprocess.PIPE if self._stdin is not None else subprocess.DEVNULL,
            stdout=self._output.targets[0],
            stderr=self._output.targets[1],
            start_new_session=True,
        )
        if self._logged:
            self._mark_silence()  # there are no pipes to wait for
        self._feed(transport)
        self._watcher = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._waiting is None or not self._waiting.done():
            self._stop(Stopped.CALLER)
        await self.wait()

    @property
    def pid(self) -> int:
        """The process that was started; its session has the same number."""
        pid = self._transport.get_pid() if self._transport else None
        assert pid is not None
        return pid

    @property
    def stdout(self) -> bytes:
        """What the program has written on standard output so far."""
        return self._output.stdout

    @property
    def stderr(self) -> bytes:
        """What the program has written on standard error so far; of a logged one the last part."""
        return self._output.stderr

    @property
    def peak_memory(self) -> int:
        """The most memory that it was seen to use, in bytes."""
        return self._peaks[0]

    @property
    def started_at(self) -> float:
        """The monotonic time at which it was started."""
        return self._started

    @property
    def running(self) -> bool:
        """Whether the program that was started has not ended yet."""
        return not self._ended.done()

    def interrupt(self) -> None:
        """Send SIGINT to the whole process group, as Ctrl-C in a terminal does."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGINT)

    def terminate(self) -> None:
        """Send SIGTERM to the process that was started, and to no other: its children are its own business."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)

    def signal_all(self, number: signal.Signals) -> None:
        """Send a signal to every process of the program."""
        processes.signal_all(number, self._marker, self.pid)

    async def kill(self, reason: Stopped) -> None:
        """End all processes of the program at once, with SIGKILL."""
        if self.running:
            self._stopped = self._stopped or reason
        await asyncio.to_thread(processes.kill_all, self._marker, self.pid)

    def members(self) -> list[int]:
        """The living processes of the program."""
        return processes.members(self._marker, self.pid)

    async def ended_within(self, seconds: float) -> bool:
        """Whether the program that was started ends in this time."""
        done, _ = await asyncio.wait([self._ended], timeout=seconds)
        return bool(done)

    async def wait(self) -> Outcome:
        """Wait until the program has ended, by itself or by a limit, and make sure that nothing of it is left."""
        if self._waiting is None:
            self._waiting = asyncio.create_task(self._wait())
        return await asyncio.shield(self._waiting)

    async def _wait(self) -> Outcome:
        await self._wait_for_end()
        leftovers = await self._sweep()
        await asyncio.wait([self._silent], timeout=2)
        self._watcher.cancel()
        await asyncio.gather(self._watcher, return_exceptions=True)
        if self._transport is not None:
            self._transport.close()
        return self._post_mortem(leftovers)

    async def _wait_for_end(self) -> None:
        left = self.limits.seconds - (time.monotonic() - self._started)
        done, _ = await asyncio.wait([self._ended], timeout=max(left, 0))
        if done:
            return
        self._stop(Stopped.TIME, number=signal.SIGTERM)
        done, _ = await asyncio.wait([self._ended], timeout=self.limits.term_grace_s)
        if not done:
            self._stop(Stopped.TIME)
            await asyncio.wait([self._ended], timeout=5)

    async def _sweep(self) -> tuple[str, ...]:
        """Name and kill what outlived the program; what the judge stopped itself is no leftover."""
        left = processes.members(self._marker, self.pid)
        deadline = time.monotonic() + _LEFTOVER_GRACE_S
        while left and self._stopped is None and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
            left = processes.members(self._marker, self.pid)
        named = tuple(processes.describe(pid) for pid in left[:5])
        if left:
            await asyncio.to_thread(processes.kill_all, self._marker, self.pid)
        return named if self._stopped is None else ()

    def _stop(self, reason: Stopped, *, number: signal.Signals = signal.SIGKILL) -> None:
        self._stopped = self._stopped or reason
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def _begin(self, transport: asyncio.SubprocessTransport) -> None:
        self._transport = transport

    def _mark_end(self) -> None:
        code = self._transport.get_returncode() if self._transport else None
        if code is not None and not self._ended.done():
            self.ended_at = time.monotonic()
            self._ended.set_result(code)

    def _mark_silence(self) -> None:
        if not self._silent.done():
            self._silent.set_result(None)

    def _post_mortem(self, leftovers: tuple[str, ...]) -> Outcome:
        code = self._ended.result() if self._ended.done() else None
        ending = Ending(
            code=code if code is not None and code >= 0 else None,
            signal=-code if code is not None and code < 0 else None,
            stopped=self._stopped,
            limits=self.limits,
        )
        return Outcome(
            argv=self.argv,
            ending=ending,
            stdout=self._output.stdout,
            stderr=self._output.stderr,
            seconds=(self.ended_at or time.monotonic()) - self._started,
            peak_memory=self._peaks[0],
            peak_processes=self._peaks[1],
            leftovers=leftovers,
        )

    def _feed(self, transport: asyncio.SubprocessTransport) -> None:
        """Write standard input; a program that does not read it is within its rights."""
        stdin = transport.get_pipe_transport(0)
        if isinstance(stdin, asyncio.WriteTransport):
            stdin.write(self._stdin or b"")
            stdin.write_eof()

    def _hear(self, stream: int, data: bytes) -> None:
        self._output.hear(stream, data)
        if self._output.size > self.limits.output:
            self._stop(Stopped.OUTPUT)

    async def _watch(self) -> None:
        while self.running:
            pids = processes.members(self._marker, self.pid)
            looked_at = time.monotonic()
            # The kernel walks a process's page tables for this, which takes long for a large one: the loop goes on meanwhile.
            memory = (
                await asyncio.to_thread(processes.own_bytes, pids) if self._logged else processes.resident_bytes(pids)
            )
            cost = time.monotonic() - looked_at
            self._peaks = [max(self._peaks[0], memory), max(self._peaks[1], len(pids))]
            if memory > self.limits.memory:
                self._stop(Stopped.MEMORY)
            if self._output.size > self.limits.output:
                self._stop(Stopped.OUTPUT)
            if len(pids) > self.limits.processes:
                self._stop(Stopped.PROCESSES)
                await asyncio.to_thread(processes.kill_all, self._marker, self.pid)
            await asyncio.sleep(max(_WATCH_SERVICE_S, _WATCH_SHARE * cost) if self._logged else _WATCH_S)


def environment() -> dict[str, str]:
    """What programs and builds see of our environment: all but our own settings, which are none of their business."""
    return {key: value for key, value in os.environ.items() if not key.startswith("CLIMB_")}


def signal_name(number: int) -> str:
    """``SIGSEGV`` for 11; the number itself where it has no name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _with_limits(argv: Sequence[str], limits: Limits) -> list[str]:
    """The same command behind a shell that lowers its limits and then becomes it.

    A function run between fork and exec could do the same, but is unsafe once the judge has threads (file watching).
    """
    files = f"ulimit -n {limits.open_files}" if limits.open_files is not None else f"ulimit -S -n {_OPEN_FILES}"
    return ["/bin/sh", "-c", f'ulimit -c 0; {files} && exec "$@"', "sh", *argv]


def _crossed(reason: Stopped, limits: Limits) -> str:
    return {
        Stopped.TIME: f"still running after {limits.seconds:g} s",
        Stopped.MEMORY: f"more than {_amount(limits.memory)} of memory",
        Stopped.PROCESSES: f"more than {limits.processes} processes at once",
        Stopped.OUTPUT: f"more than {_amount(limits.output)} of output",
        Stopped.CALLER: "no longer needed",
        Stopped.GRACE: f"still running {limits.term_grace_s:g} s after SIGTERM",
        Stopped.KILL: "killed with SIGKILL, as the check wanted",
    }[reason]


def _amount(size: int) -> str:
    return f"{size // MIB} MiB" if size >= MIB else counted(size, "byte")
