"""Files and folders that grow: JSON lines, read from where the last run was, through rotation and truncation.

A file is recognised by its inode and its first line, so that a renamed one goes on where it was, and one that was truncated and
written anew begins at its start. What is promised: every whole line counts once, as long as the file can still be found when it is
read; numbers are places in bytes (see ``places.py``), so a crash between sending and remembering does no harm.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

from climb.systems.processor.pipeline.errors import EdgeError
from climb.systems.processor.pipeline.model import FileSource
from climb.systems.processor.sources.mapping import Around, BadRecord, Mapping
from climb.systems.processor.sources.source import Collected, Ground

__all__ = ["Files"]

_LOOK_S = 0.2
_WRITTEN_AFTER_S = 10.0  # a program may write to a file for a while after it was renamed
_CHUNK_BYTES = 256 * 1024  # a line that is longer is no reading, and is passed over


class _Tail:
    """One open file, and the place up to which it was handed on."""

    def __init__(self, path: Path, descriptor: int, part: str, place: int) -> None:
        self.path = path
        self.descriptor = descriptor
        self.part = part
        self.place = place
        self.too_long = False
        self.gone_at: float | None = None

    def close(self) -> None:
        os.close(self.descriptor)


class Files:
    """The source of a ``file`` part."""

    def __init__(self, source: FileSource, key: str, ground: Ground) -> None:
        self._path = Path(source.path)
        self._pattern = source.pattern
        self._mapping = Mapping(source.fields, key)
        self._ground = ground
        self._tails: dict[int, _Tail] = {}  # by inode
        self._looked_around = False

    async def run(self) -> None:
        """Follow the files until cancelled."""
        try:
            await self._replay()
            while True:
                if not await self._round():
                    await asyncio.sleep(_LOOK_S)
        except OSError as error:
            raise EdgeError(f"{error.filename or self._path} can't be read: {error.strerror}") from error
        finally:
            for tail in self._tails.values():
                tail.close()
            self._tails.clear()

    async def _replay(self) -> None:
        """Send again what was planned before a crash and is not known to be safe, in the old order."""
        for _inode in self._open_new():
            pass
        parts = {tail.part: tail for tail in self._tails.values()}
        for span in self._ground.places.to_replay(self._ground.places.known()):
            tail = parts.get(span.part)
            if tail is None:  # if it was taken, nothing is missing; if not, nobody can say what was in it
                self._ground.tally.lost += span.end - span.start
                self._ground.tally.problem = (
                    f"a file is gone of which {span.end - span.start} bytes may not have been taken"
                )
            while tail is not None and tail.place < span.end and await self._chunk(tail):
                pass

    async def _round(self) -> bool:
        """Read a chunk of every file that has one; whether any had."""
        there = set(self._open_new())
        self._looked_around = True
        moved = False
        # Files that have gone come first: what was written to them is older than what is in their successors.
        for inode in sorted(self._tails, key=lambda inode: inode in there):
            tail = self._tails[inode]
            while await self._chunk(tail):
                moved, tail.gone_at = True, None
                if inode in there:
                    break
            else:
                self._consider_closing(tail, inode, gone=inode not in there)
        return moved

    def _consider_closing(self, tail: _Tail, inode: int, *, gone: bool) -> None:
        now = time.monotonic()
        tail.gone_at = (tail.gone_at or now) if gone else None
        if tail.gone_at is not None and now - tail.gone_at > _WRITTEN_AFTER_S:
            self._close(inode)

    def _close(self, inode: int) -> None:
        tail = self._tails.pop(inode)
        state = os.fstat(tail.descriptor)
        if state.st_size > tail.place:
            self._ground.tally.note_bad(f"{tail.path} at byte {tail.place}", "the last line has no end")
        tail.close()

    # --- which files --------------------------------------------------------------------------------------------

    def _open_new(self) -> Iterator[int]:
        """Open what is new; the inodes of all that are there."""
        for path in self._paths():
            try:
                state = path.stat()
                if state.st_ino not in self._tails and state.st_size:
                    self._open(path)
            except FileNotFoundError:
                continue
            yield state.st_ino

    def _paths(self) -> list[Path]:
        if self._path.is_dir():
            return sorted(path for path in self._path.glob(self._pattern) if path.is_file())
        self._ground.tally.problem = "" if self._path.exists() else f"{self._path} is not there yet"
        return [self._path] if self._looked_around else [*self._rotated_meanwhile(), self._path]

    def _rotated_meanwhile(self) -> list[Path]:
        """Neighbours of a single file that are files we have not read to their end: it was renamed while nobody looked."""
        wanted = {int(part.split("-")[0], 16) for part in self._ground.places.known()} - set(self._tails)
        found = []
        with contextlib.suppress(OSError):
            for entry in os.scandir(self._path.parent) if wanted else ():
                if entry.inode() in wanted and entry.name != self._path.name and entry.is_file():
                    with contextlib.suppress(OSError):
                        if self._has_more(Path(entry.path)):
                            found.append(Path(entry.path))
        return found

    def _has_more(self, path: Path) -> bool:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            part, state = _part(descriptor), os.fstat(descriptor)
            safe = self._ground.places.known().get(part or "")
            return safe is not None and safe < state.st_size
        finally:
            os.close(descriptor)

    def _open(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        part = _part(descriptor)
        if part is None:  # no whole line yet
            os.close(descriptor)
            return
        state = os.fstat(descriptor)
        self._tails[state.st_ino] = _Tail(path, descriptor, part, self._ground.places.known().get(part, 0))

    # --- reading ------------------------------------------------------------------------------------------------

    async def _chunk(self, tail: _Tail) -> bool:
        """Hand on the next whole lines of a file; whether there were some."""
        part = _part(tail.descriptor) or ""
        if os.fstat(tail.descriptor).st_size < tail.place or part != tail.part:
            await self._begin_again(tail, part)
        data = os.pread(tail.descriptor, _CHUNK_BYTES, tail.place)
        end = data.rfind(b"\n") + 1
        if not end:
            return self._pass_over(tail, data)
        for known in self._ground.places.unsafe(tail.part):  # what was planned before a crash has its numbers already
            if known.start <= tail.place < known.end:
                end = min(end, known.end - tail.place)
        await self._hand_on(tail, data[:end])
        return True

    async def _begin_again(self, tail: _Tail, part: str) -> None:
        """The file was truncated: what is in it now is new."""
        await self._ground.feed.settled()  # a batch that became safe later would bring the old place back
        for old in {tail.part, part} - {""}:
            self._ground.places.forget(old)
        tail.part, tail.place, tail.too_long = part, 0, False

    def _pass_over(self, tail: _Tail, data: bytes) -> bool:
        if len(data) < _CHUNK_BYTES:
            return False
        if not tail.too_long:
            self._ground.tally.note_bad(f"{tail.path} at byte {tail.place}", f"a line longer than {_CHUNK_BYTES} bytes")
        tail.too_long = True
        tail.place += len(data)
        return True

    async def _hand_on(self, tail: _Tail, data: bytes) -> None:
        part, start, end = tail.part, tail.place, tail.place + len(data)
        span = self._ground.places.plan(part, start, end)
        collected, place = Collected(), start
        around = Around(file=tail.path.stem)
        for record in data.split(b"\n")[:-1]:
            if tail.too_long:
                tail.too_long = False  # this is the end of it
            elif record and not record.isspace():
                self._add(collected, record, around, span.number(place), f"{tail.path} at byte {place}")
            place += len(record) + 1
        batch = collected.batch()
        batch.when_safe = lambda: self._ground.places.safe(part, end)
        await self._ground.feed.send(batch)
        tail.place = end

    def _add(self, collected: Collected, record: bytes, around: Around, number: int, where: str) -> None:
        self._ground.tally.read += 1
        try:
            reading = self._mapping.reading(record, around)
        except BadRecord as why:
            self._ground.tally.note_bad(where, why)
        else:
            seq = number if reading.seq is None else reading.seq
            collected.add(reading.sensor, seq, reading.ts, reading.value)


def _part(descriptor: int) -> str | None:
    """What a file is recognised by: its inode and its first line, or as much of that as a chunk holds. None without one."""
    head = os.pread(descriptor, 4096, 0)
    end = head.find(b"\n")
    if end < 0 and len(head) < 4096:
        return None
    return f"{os.fstat(descriptor).st_ino:x}-{zlib.crc32(head[: end if end >= 0 else 4096]):08x}"
