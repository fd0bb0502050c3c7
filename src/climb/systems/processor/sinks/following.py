"""A sink follows the closed windows from where it was: ask for a page, write it, remember the cursor, and again.

A sink that can't write makes this wait and try again with growing pauses. Nothing is buffered meanwhile: the windows are in the
processor, which keeps them, and the cursor says where to go on.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from climb.systems.processor.pipeline.errors import EdgeError
from climb.systems.processor.sinks.rows import Results, Row, Unavailable

__all__ = ["Cursor", "Sink", "SinkTally", "follow", "load_cursor", "save_cursor"]

_LOOK_S = 0.2
_PAGE = 1000
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 10.0


@dataclass
class SinkTally:
    """What one sink has done since this start."""

    name: str
    written: int = 0
    problem: str = ""
    caught_up: bool = False


class Sink(Protocol):
    """Where closed windows go."""

    async def open(self) -> str | None:
        """Get ready; the cursor up to which all is written. May raise Unavailable."""

    async def write(self, rows: Sequence[Row], cursor: str) -> None:
        """Write rows; when it returns they are safe, and so is the cursor behind them. May raise Unavailable."""

    async def close(self) -> None:
        """Let go of what was opened."""


async def follow(sink: Sink, http_port: int, tally: SinkTally) -> None:
    """Write closed windows to the sink until cancelled."""
    results = Results(http_port)
    pause_s = _FIRST_PAUSE_S
    try:
        while True:
            try:
                cursor = await sink.open()
                tally.problem = ""
                while True:
                    cursor, wrote = await _page(sink, results, cursor, tally)
                    pause_s = _FIRST_PAUSE_S
                    if not wrote:
                        await asyncio.sleep(_LOOK_S)
            except Unavailable as error:
                tally.problem = str(error)
                await sink.close()
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
    finally:
        results.close()
        await sink.close()


async def _page(sink: Sink, results: Results, cursor: str | None, tally: SinkTally) -> tuple[str | None, int]:
    page = await asyncio.to_thread(results.page, cursor, _PAGE)
    if page.windows:
        if page.next is None:
            raise EdgeError("GET /windows answered windows without a cursor behind them")
        await sink.write(page.windows, page.next)
        tally.written += len(page.windows)
    tally.caught_up = not page.windows
    return page.next, len(page.windows)


class Cursor(msgspec.Struct, frozen=True):
    """How far a sink is. ``length`` is how long its file was then."""

    cursor: str | None = None
    length: int = 0


def load_cursor(file: Path) -> Cursor | None:
    """What the file says, None if there is none; raise EdgeError if it can't be read."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Cursor)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise EdgeError(f"{file} can't be used: {error}") from error


def save_cursor(file: Path, cursor: Cursor) -> None:
    """Write the file anew: after a crash it has the old content or the new one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.new")
    with beside.open("wb") as out:
        out.write(msgspec.json.encode(cursor))
        out.flush()
        os.fsync(out.fileno())
    beside.replace(file)
