"""When a service is ready: what is asked, how long, and what is told of one that is not."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

import msgspec

from climb.judge.calibration import calibrate_start
from climb.judge.drivers.connection import in_words

__all__ = ["Ready", "Tried", "accepts", "healthy", "patience_s"]

_AT_LEAST_S = 20.0
_STARTS = 200  # a runtime may need this many times what a small interpreter needs
_ANSWER_S = 2.0


class Tried(msgspec.Struct, frozen=True):
    """What came of one attempt: whether the service is ready, whether waiting on makes sense, and what was seen."""

    ready: bool
    wait: bool
    saw: str


class Ready(msgspec.Struct, frozen=True):
    """A way to ask a service whether it is ready: in words, by port, and as a function of the address."""

    words: str
    port: str
    ask: Callable[[tuple[str, int]], Awaitable[Tried]]

    def at(self, address: tuple[str, int]) -> str:
        """What is asked, with the address."""
        return self.words.format(address=f"{address[0]}:{address[1]}")


def healthy(port: str, path: str = "/healthz") -> Ready:
    """``GET`` of this path answers 200. While it refuses or answers 503 the judge waits; another answer is none."""

    async def ask(address: tuple[str, int]) -> Tried:
        try:
            status = await asyncio.wait_for(_status(address, path), _ANSWER_S)
        except TimeoutError:
            return Tried(False, True, f"the connection was accepted, but no answer came within {_ANSWER_S:g} s")
        except OSError as error:
            return Tried(False, True, in_words(error))
        if status.startswith(b"HTTP/1.") and status[8:12] in (b" 200", b" 503"):
            return Tried(status[9:12] == b"200", True, status.decode())
        return Tried(False, not status, repr(status.decode(errors="replace")) if status else "an empty answer")

    return Ready(f"200 from GET http://{{address}}{path}", port, ask)


def accepts(port: str) -> Ready:
    """A connection to the port is accepted."""

    async def ask(address: tuple[str, int]) -> Tried:
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(*address), _ANSWER_S)
        except TimeoutError:
            return Tried(False, True, f"no answer within {_ANSWER_S:g} s")
        except OSError as error:
            return Tried(False, True, in_words(error))
        writer.close()
        return Tried(True, True, "accepted")

    return Ready("an accepted connection to {address}", port, ask)


async def patience_s() -> float:
    """How long a service may take until it is ready, on this machine in this minute."""
    return _AT_LEAST_S + _STARTS * (await calibrate_start()).seconds


async def _status(address: tuple[str, int], path: str) -> bytes:
    """The first line of the answer."""
    reader, writer = await asyncio.open_connection(*address)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nhost: {address[0]}:{address[1]}\r\nconnection: close\r\n\r\n".encode())
        return (await reader.readline()).strip()[:200]
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def wait_until_ready(
    ready: Ready, address: tuple[str, int], *, seconds: float, alive: Callable[[], bool]
) -> Tried:
    """Ask again and again; the last answer. Ends early when the program has ended or an answer settles it."""
    deadline = time.monotonic() + seconds
    pause = 0.005
    while True:
        tried = await ready.ask(address)
        if tried.ready or not tried.wait or not alive() or time.monotonic() > deadline:
            return tried
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.1)
