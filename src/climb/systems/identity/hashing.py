"""Passwords are hashed a few at a time, in line, in threads of their own.

argon2id takes some 20 MiB and as many milliseconds on purpose. Done in the event loop it would stall everybody; done in as many threads
as there are requests it would take all memory and all processors. So there are few threads, which give way to the event loop's, and
a line in front of them. Who would wait longer than five seconds is told so at once: a line that only grows serves nobody. How long that
is can only be expected, and whoever is turned away after the wait has lost it; so the line is full while there is some time left.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import math
import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type, hash_secret, verify_secret

from climb.stack.http.problems import busy

__all__ = ["Line", "Passwords", "fits", "hashed", "usual_threads"]

T = TypeVar("T")

_MEMORY_KIB, _PASSES, _LANES = 19_456, 2, 1  # the least that the contract allows (and OWASP advises)
_MOST_WAIT_S = 5.0
_EXPECTED = 0.8  # of it may be expected; hashes take longer while much else is to be done
_NICE = 5
_LEARNED = 0.2  # how much the last duration counts in what is expected of the next


class Line:
    """Work for a few threads, first come, first served."""

    def __init__(self, threads: int, *, expected_s: float = 0.05, most_wait_s: float = _MOST_WAIT_S) -> None:
        self._pool = ThreadPoolExecutor(threads, "hashing", initializer=_give_way)
        self._threads = threads
        self._free = threads
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._places = 0
        self._expected_s = expected_s
        self._most_wait_s = most_wait_s

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """A place in the line for the time of the block; 503 at once if it is too long."""
        wait_s = self._places / self._threads * self._expected_s
        full_s = self._most_wait_s * _EXPECTED
        if wait_s > full_s:
            raise busy("too many passwords are in line", retry_after_s=math.ceil(wait_s - full_s))
        self._places += 1
        try:
            yield
        finally:
            self._places -= 1

    async def run(self, work: Callable[[], T]) -> T:
        """What the work answers, when it was its turn; 503 if that has not come in time. It needs a :meth:`place`."""
        await self._turn()
        return await asyncio.shield(self._done(work))  # whoever stops waiting does not stop the thread

    async def _done(self, work: Callable[[], T]) -> T:
        try:
            took_s, value = await asyncio.get_running_loop().run_in_executor(self._pool, _timed, work)
            self._expected_s += (took_s - self._expected_s) * _LEARNED
            return value
        finally:
            self._give_back()

    async def _turn(self) -> None:
        if self._free:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self._most_wait_s):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self._give_back()  # it came in the moment in which it was not awaited any more
            if isinstance(error, TimeoutError):
                raise busy("too many passwords are in line") from None
            raise

    def _give_back(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def end(self) -> None:
        """Begin nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class Passwords:
    """Makes hashes of passwords, and compares passwords with them. Both need a place in the line."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self._nobodys = _hash_of_nothing()

    async def hashed(self, password: str) -> str:
        """The password as it is kept."""
        return await self.line.run(lambda: hashed(password))

    async def fits(self, password: str, known: str | None) -> bool:
        """Whether this is the password; without a known one it takes as long, and is not."""
        same = await self.line.run(lambda: fits(password, known or self._nobodys))
        return same and known is not None


def hashed(password: str) -> str:
    """The hash in the PHC string format, with a salt of its own."""
    said = hash_secret(
        password.encode(), secrets.token_bytes(16), _PASSES, _MEMORY_KIB, _LANES, hash_len=32, type=Type.ID
    )
    return said.decode("ascii")


def fits(password: str, known: str) -> bool:
    """Whether the hash was made of this password."""
    try:
        return bool(verify_secret(known.encode("ascii"), password.encode(), Type.ID))
    except (VerificationError, InvalidHashError):
        return False


def _hash_of_nothing() -> str:
    """A hash as good as the others that no password is known for; to compare with it takes as long."""
    salt, said = (base64.b64encode(secrets.token_bytes(size)).rstrip(b"=").decode() for size in (16, 32))
    return f"$argon2id$v=19$m={_MEMORY_KIB},t={_PASSES},p={_LANES}${salt}${said}"


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    value = work()
    return time.perf_counter() - began, value


def _give_way() -> None:
    """On Linux a thread has a priority of its own (setpriority(2), "C library/kernel differences")."""
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


def usual_threads() -> int:
    """As many as leave a processor for everything else."""
    return max(1, len(os.sched_getaffinity(0)) - 1) if hasattr(os, "sched_getaffinity") else 1
