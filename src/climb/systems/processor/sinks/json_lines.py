"""Closed windows as JSON lines of a file: each once, since what was written behind the last cursor is cut off at a start."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from climb.systems.processor.pipeline.errors import EdgeError
from climb.systems.processor.pipeline.model import Aggregate
from climb.systems.processor.sinks.following import Cursor, load_cursor, save_cursor
from climb.systems.processor.sinks.rows import Row, Unavailable, chosen

__all__ = ["JsonLines"]


class JsonLines:
    """The sink of a ``file`` part."""

    def __init__(self, path: Path, aggregates: Sequence[Aggregate], cursor_file: Path) -> None:
        self._path = path
        self._aggregates = aggregates
        self._cursor_file = cursor_file
        self._out: BinaryIO | None = None

    async def open(self) -> str | None:
        """Open the file, as it was at the last cursor."""
        was = load_cursor(self._cursor_file)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._out = self._path.open("ab")
            length = self._out.tell()
            if was is None:  # what is there already is not ours, and stays
                was = Cursor(None, length)
                save_cursor(self._cursor_file, was)
            if length < was.length:
                raise EdgeError(
                    f"{self._path} is shorter than it was: {length} bytes, not {was.length}. "
                    f"Put it back, or delete {self._cursor_file} to have all windows written again"
                )
            self._out.truncate(was.length)
        except OSError as error:
            raise Unavailable(f"{self._path} can't be written: {error.strerror}") from error
        return was.cursor

    async def write(self, rows: Sequence[Row], cursor: str) -> None:
        """Append, and remember how far."""
        assert self._out is not None
        encode = msgspec.json.Encoder().encode
        try:
            self._out.write(b"".join(encode(chosen(row, self._aggregates)) + b"\n" for row in rows))
            self._out.flush()
            os.fsync(self._out.fileno())
            save_cursor(self._cursor_file, Cursor(cursor, self._out.tell()))
        except OSError as error:
            raise Unavailable(f"{self._path} can't be written: {error.strerror}") from error

    async def close(self) -> None:
        """Close the file."""
        if self._out is not None:
            with contextlib.suppress(OSError):  # what could not be written is written again
                self._out.close()
            self._out = None
