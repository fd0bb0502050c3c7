"""Computes schedules in a process of its own, so that none can keep the workbench from answering, whatever it was asked.

The process is started with the first question and stays, because what it loads takes longer than most questions. Questions are
answered one after the other. A question that takes too long is answered with that, and the process is ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import struct
import sys
from collections import OrderedDict
from collections.abc import AsyncIterator

import msgspec

from climb.workbench.schedules.messages import MOST_SECONDS, Ask, Drawn, Refused

__all__ = ["Emulator"]

_START_SECONDS = 60.0  # to load and compile, on a machine that is busy
_REMEMBERED = 2  # answers: a page asks for its own once more, as numbers
_LENGTH = struct.Struct("<Q")

_ENCODER = msgspec.msgpack.Encoder()
_DECODER: msgspec.msgpack.Decoder[Drawn | Refused] = msgspec.msgpack.Decoder(Drawn | Refused)


class Emulator:
    """Answers questions within ``seconds`` each."""

    def __init__(self, seconds: float = MOST_SECONDS) -> None:
        self._seconds = seconds
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._answers: OrderedDict[bytes, Drawn] = OrderedDict()

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """End the process at the end of the block."""
        try:
            yield
        finally:
            await self._end()

    async def answer(self, ask: Ask) -> Drawn | Refused:
        """The schedules, or why there are none."""
        question = _ENCODER.encode(ask)
        async with self._turn:
            answer = self._answers.pop(question, None) or await self._asked(question)
            if isinstance(answer, Drawn):  # what failed may work when it is tried again
                self._answers[question] = answer
            while len(self._answers) > _REMEMBERED:
                self._answers.popitem(last=False)
            return answer

    async def _asked(self, question: bytes) -> Drawn | Refused:
        """Whatever goes wrong, the process is ended: an answer that nobody reads would be taken for the next one's."""
        problem = f"The process that computes schedules did not start within {_START_SECONDS:g} seconds. Try it again."
        try:
            process = await self._started()
            problem = (
                f"This took longer than {self._seconds:g} seconds and was stopped. Ask for fewer tasks or shorter ones."
            )
            async with asyncio.timeout(self._seconds):
                _write(process, question)
                return _DECODER.decode(await _read(process))
        except TimeoutError:
            await self._end()
            return Refused(problem)
        except (EOFError, OSError):
            await self._end()
            return Refused("The process that computes schedules ended, most likely for lack of memory. Ask for less.")
        except BaseException:
            await self._end()
            raise

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "climb.workbench.schedules.worker", str(os.getpid()),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
            async with asyncio.timeout(_START_SECONDS):
                await _read(self._process)  # it says that it is there
        return self._process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _write(process: asyncio.subprocess.Process, message: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(_LENGTH.pack(len(message)) + message)


async def _read(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    (length,) = _LENGTH.unpack(await process.stdout.readexactly(_LENGTH.size))
    return await process.stdout.readexactly(length)
