"""The judge's side of a load: a process of its own that gets a plan, is told to go, tells how far it is, and what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from abc import ABC, abstractmethod
from typing import Generic, Self, TypeVar

import msgspec

from climb.judge.load.plan import Ready, Sample

__all__ = ["LoadProcess", "Progress"]

E = TypeVar("E", bound=msgspec.Struct)  # what the process tells at its end
R = TypeVar("R")  # what that is for a check

_RESULT_MOST = 64 * 1024 * 1024
_STOPPING_S = 60.0
_ENDING_S = 5.0


class Progress(msgspec.Struct, frozen=True):
    """How far all connections together were at a time (seconds since the check began): what was sent, what came back.

    Lines are counted in bytes, HTTP in requests and answers.
    """

    at: float
    sent: int
    received: int


class LoadProcess(ABC, Generic[E, R]):
    """A load under way. Use it as a block; ``finished`` or ``stop`` give what came of it."""

    def __init__(self, module: str, plan: msgspec.Struct, ended: type[E], *, opened_at: float) -> None:
        self.progress: list[Progress] = []
        self._module = module
        self._plan = plan
        self._told = msgspec.json.Decoder(Ready | Sample | ended)
        self._opened_at = opened_at
        self._result: asyncio.Future[E]
        self._changed = asyncio.Event()
        self._ready = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Connect, and begin to send."""
        self._result = asyncio.get_running_loop().create_future()
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", self._module),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_RESULT_MOST,
        )
        self._reader = asyncio.create_task(self._read())
        self._write(msgspec.json.encode(self._plan) + b"\n")
        try:
            await self._ready.wait()
        except BaseException:
            await self.__aexit__()
            raise
        self._write(b"g")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._end()
        await asyncio.gather(self._reader, return_exceptions=True)
        if not self._result.done():
            self._result.cancel()
        self._close()

    @property
    def pid(self) -> int:
        """The process that sends."""
        return self._process.pid

    @property
    def sent(self) -> int:
        """What was sent so far, as far as is known: at most a twentieth of a second old."""
        return self.progress[-1].sent if self.progress else 0

    @property
    def received(self) -> int:
        """What came back so far, as far as is known."""
        return self.progress[-1].received if self.progress else 0

    @property
    def running(self) -> bool:
        """Whether there is something to send, or to wait for."""
        return not self._result.done()

    async def reached(self, sent: int, *, timeout_s: float) -> bool:
        """Wait until this much was sent; false if the load ended before, or the time was over."""
        try:
            async with asyncio.timeout(timeout_s):
                while self.sent < sent and self.running:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return self.sent >= sent

    async def finished(self, *, timeout_s: float) -> R | None:
        """What came of it when all is done; None if that takes longer."""
        try:
            return self._loaded(await asyncio.wait_for(asyncio.shield(self._result), timeout_s))
        except TimeoutError:
            return None

    async def stop(self) -> R:
        """End it now; what came of it so far."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        return self._loaded(await asyncio.wait_for(asyncio.shield(self._result), _STOPPING_S))

    async def _end(self) -> None:
        """Let a process end that has told its result, and kill any other."""
        if self._result.done() and not self._result.cancelled():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_ENDING_S):
                    await self._process.wait()
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    @abstractmethod
    def _loaded(self, ended: E) -> R:
        """What came of it, with times since the check began."""

    def _close(self) -> None:
        """Give back what only this load needed."""

    def _write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(data)

    async def _read(self) -> None:
        assert self._process.stdout is not None
        try:
            async for line in self._process.stdout:
                self._hear(line)
        finally:
            if not self._result.done():
                self._result.set_exception(RuntimeError("the sending process ended without a result"))
                self._result.exception()  # retrieved here: nobody may be waiting
            self._changed.set()
            self._ready.set()

    def _hear(self, line: bytes) -> None:
        told = self._told.decode(line)
        if isinstance(told, Ready):
            self._ready.set()
        elif isinstance(told, Sample):
            self.progress.append(Progress(told.at - self._opened_at, told.sent, told.received))
        elif not self._result.done():
            self._result.set_result(told)
        self._changed.set()
