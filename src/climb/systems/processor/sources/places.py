"""How far a source has been read, and which numbers its readings have: durable, so that a replay gives the same numbers.

A source has parts, such as files or partitions, and each part has places: bytes or offsets. What is read next, a *span* of a part,
is laid behind all spans before it in one numbering, and this is written down before the first reading of it is sent. A reading's
number is the span's first number plus its place in the span. So however the parts grow and take turns, numbers only grow, and after
a crash the same span has the same numbers: the processor recognises what it has.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from climb.systems.processor.pipeline.errors import EdgeError

__all__ = ["Places", "Span"]

_COMPACT_AFTER = 2000  # records
_RESERVED = 1_000_000


class Span(msgspec.Struct, frozen=True, array_like=True):
    """Places ``start`` up to and without ``end`` of a part; the first has the number ``first``."""

    part: str
    start: int
    end: int
    first: int

    def number(self, place: int) -> int:
        """The number of what is at a place of it."""
        return self.first + place - self.start


class _Record(msgspec.Struct, omit_defaults=True):
    span: Span | None = None
    part: str = ""
    safe: int = 0
    forget: str = ""
    next: int = 0


class Places:
    """The places of one source, in a file that only grows, and is written anew now and then."""

    def __init__(self, file: Path) -> None:
        """Read the file, if there is one; raise EdgeError if it can't be used."""
        self._file = file
        self._next = 1
        self._safe: dict[str, int] = {}
        self._ends: dict[str, int] = {}
        self._spans: dict[str, list[Span]] = {}
        self._records = 0
        self._reserved: Iterator[int] = iter(())
        self._lock = threading.RLock()  # Kafka's callbacks come in a thread of their own
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._load()
            self._compact()
        except (OSError, msgspec.MsgspecError) as error:
            raise EdgeError(f"{file} can't be used: {error}") from error

    def known(self) -> dict[str, int]:
        """The parts, and for each the place up to which all is safe."""
        return dict(self._safe)

    def end(self, part: str) -> int:
        """The place behind everything of a part that was ever planned."""
        return self._ends.get(part, 0)

    def unsafe(self, part: str) -> list[Span]:
        """The spans of a part that are planned and not known to be safe, in order."""
        with self._lock:
            return [span for span in self._spans.get(part, []) if span.end > self._safe.get(part, 0)]

    def to_replay(self, parts: Iterable[str]) -> list[Span]:
        """The spans of some parts that are not known to be safe, in the order in which they were numbered.

        They must be sent again in that order: a sensor in two of them would else have its smaller numbers taken for duplicates.
        """
        return sorted((span for part in parts for span in self.unsafe(part)), key=lambda span: span.first)

    def plan(self, part: str, start: int, end: int) -> Span:
        """Number a span, the one that was planned there or a new one; when this returns, it is on the disk."""
        with self._lock:
            for known in self.unsafe(part):
                if known.start <= start and end <= known.end:
                    return Span(part, start, end, known.number(start))
            span = Span(part, start, end, self._next)
            self._note(span)
            self._write(_Record(span=span), sync=True)
            return span

    def safe(self, part: str, end: int) -> None:
        """Note that a part is safe up to a place. If a crash forgets it, the processor finds the duplicates."""
        with self._lock:
            self._safe[part] = max(end, self._safe.get(part, 0))
            self._spans[part] = self.unsafe(part)
            self._write(_Record(part=part, safe=end), sync=False)

    def forget(self, part: str) -> None:
        """Drop a part that is gone."""
        with self._lock:
            self._drop(part)
            self._write(_Record(forget=part), sync=False)

    def next_number(self) -> int:
        """A number above all others, for a source that can't be read again; they are reserved many at a time."""
        with self._lock:
            number = next(self._reserved, None)
            if number is None:
                first = self._next
                self._next += _RESERVED
                self._write(_Record(next=self._next), sync=True)
                self._reserved = iter(range(first + 1, first + _RESERVED))
                number = first
            return number

    def _note(self, span: Span) -> None:
        self._spans.setdefault(span.part, []).append(span)
        self._safe.setdefault(span.part, span.start)
        self._ends[span.part] = max(span.end, self._ends.get(span.part, 0))
        self._next = max(self._next, span.first + span.end - span.start)

    def _drop(self, part: str) -> None:
        for table in (self._spans, self._safe, self._ends):
            table.pop(part, None)

    def _load(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            for line in self._file.read_bytes().split(b"\n")[:-1]:  # a last line without end was not promised to anyone
                self._apply(msgspec.json.decode(line, type=_Record))

    def _apply(self, record: _Record) -> None:
        if record.span is not None:
            self._note(record.span)
        if record.part:
            self._safe[record.part] = max(record.safe, self._safe.get(record.part, 0))
            self._ends[record.part] = max(record.safe, self._ends.get(record.part, 0))
            self._spans[record.part] = self.unsafe(record.part)
        if record.forget:
            self._drop(record.forget)
        self._next = max(self._next, record.next)

    def _write(self, record: _Record, *, sync: bool) -> None:
        self._records += 1
        if self._records > _COMPACT_AFTER:
            self._compact()
            return
        with self._file.open("ab") as out:
            out.write(msgspec.json.encode(record) + b"\n")
            if sync:
                out.flush()
                os.fsync(out.fileno())

    def _compact(self) -> None:
        records = [_Record(next=self._next)]
        records += [_Record(part=part, safe=place) for part, place in self._safe.items()]
        records += [_Record(span=span) for part in self._safe for span in self.unsafe(part)]
        beside = self._file.with_name(f".{self._file.name}.new")
        with beside.open("wb") as out:
            out.write(b"".join(msgspec.json.encode(record) + b"\n" for record in records))
            out.flush()
            os.fsync(out.fileno())
        beside.replace(self._file)
        folder = os.open(self._file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # else a crash can bring the old name back
        finally:
            os.close(folder)
        self._records = 0
