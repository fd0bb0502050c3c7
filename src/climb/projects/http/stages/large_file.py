"""A large file, and what a program uses while it is sent to a client that begins to read late."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from climb.judge.curves import thinned
from climb.judge.evidence import Comparison, Series
from climb.judge.expect import Failure
from climb.judge.limits import MIB

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.projects.http.driver import Running

__all__ = ["LARGE", "demand_little", "large_file", "watched", "while_it_waits"]

LARGE = 160 * MIB
_MOST_MEMORY = 48 * MIB  # a third of that file: no buffer needs as much
_LOOK_S = 0.1


def large_file(path: Path, rng: random.Random) -> str:
    """A file with holes and a few marks in it; its SHA-256. Holes cost no disk, and are bytes like others to whoever reads them."""
    marks = {rng.randrange(LARGE - 16): rng.randbytes(16) for _ in range(20)} | {LARGE - 16: rng.randbytes(16)}
    with path.open("wb") as file:
        file.truncate(LARGE)
        for place, mark in marks.items():
            file.seek(place)
            file.write(mark)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


async def while_it_waits(running: Running) -> list[tuple[float, int]]:
    """Memory, with times, while the client reads nothing: until it has stayed the same for a while, and three seconds at most."""
    used = [_memory(running)]
    while len(used) < 8 or (len(used) < 30 and used[-1][1] != used[-5][1]):
        await asyncio.sleep(_LOOK_S)
        used.append(_memory(running))
    return used


async def watched(running: Running, answer: Coroutine[Any, Any, Answer], used: list[tuple[float, int]]) -> Answer:
    """Wait for the answer, and note meanwhile what the program uses."""
    task = asyncio.create_task(answer)
    try:
        while not task.done():
            await asyncio.wait([task], timeout=_LOOK_S)
            used.append(_memory(running))
        return task.result()
    finally:
        task.cancel()


def _memory(running: Running) -> tuple[float, int]:
    return round(running.now(), 3), running.instance.memory().now


def demand_little(grown: list[tuple[float, int]]) -> None:
    """The program has not taken much more memory than before."""
    most = max(more for _, more in grown)
    if most <= _MOST_MEMORY:
        return
    subject = "memory that the program took for one large file"
    comparison = Comparison(
        subject=subject,
        expected=f"at most {_MOST_MEMORY // MIB} MiB more than before, for a file of {LARGE // MIB} MiB",
        received=f"{most / MIB:.0f} MiB more",
        why="Read and send a part at a time, and the next when the socket has taken it. Else a few clients with a large file and a slow line fill all memory.",
    )
    points = thinned([(at, more / MIB) for at, more in grown])
    raise Failure(subject, comparison, Series(subject=subject, unit="MiB", points=points, limit=_MOST_MEMORY / MIB))
