"""The clicks of this process: segments that are counted in, one after the other, and those that are still to be moved.

A segment is moved when there is something in it and all before it are moved; while the database is away, one segment takes all that
comes until it is full. Its name says of which process it is and its place among those of that process. The database keeps how far
each process's are counted, so a segment that is moved twice is counted once.
"""

from __future__ import annotations

import re
import uuid
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import time

from climb.systems.links.clicks.segment import Segment, Slot

__all__ = ["Batch", "Journal", "abandoned"]

_NAME = re.compile(r"([0-9a-f]{32})-([0-9]{12})\.clicks")
_HOUR_S = 3600


@dataclass(frozen=True)
class Batch:
    """What tells a segment from all others: whose it is, and the how-manieth of theirs."""

    journal: uuid.UUID
    number: int

    def path(self, folder: Path) -> Path:
        """Its file."""
        return folder / f"{self.journal.hex}-{self.number:012}.clicks"


class Journal:
    """Counts clicks in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._id = uuid.uuid4()
        self._number = 0
        self._sealed: deque[tuple[Batch, Segment]] = deque()
        self._batch, self._segment = self._new()
        self._hour = -1
        self._hour_ends_s = 0.0

    @property
    def id(self) -> uuid.UUID:
        """Whose segments these are."""
        return self._id

    def count(self, code: str, before: Slot | None) -> Slot:
        """Count a click now; ``before`` is the slot that the same link's last click was counted in. OSError if the disk is full."""
        now = time()
        if not self._hour_ends_s - _HOUR_S <= now < self._hour_ends_s:
            self._hour = int(now // _HOUR_S)
            self._hour_ends_s = float((self._hour + 1) * _HOUR_S)
        if before is None or before.segment is not self._segment or before.hour != self._hour:
            before = self._slot(code)
        before.add()
        return before

    def sealed(self) -> tuple[Batch, Segment] | None:
        """The oldest segment that nothing is added to any more; without one, the current if there is something in it."""
        if not self._sealed and not self._segment.is_empty:
            self._seal()
        return self._sealed[0] if self._sealed else None

    def moved(self, batch: Batch) -> None:
        """The clicks of the oldest segment are in the database."""
        first, segment = self._sealed.popleft()
        assert first == batch  # one is moved after the other
        segment.remove()

    def close(self) -> None:
        """Leave what is not moved to whoever comes next."""
        if self._segment.is_empty:
            self._segment.remove()
        else:
            self._segment.let_go()
        for _, segment in self._sealed:
            segment.let_go()

    def _slot(self, code: str) -> Slot:
        if self._segment.is_full:
            self._seal()
        return self._segment.slot(code, self._hour)

    def _seal(self) -> None:
        batch, segment = self._new()
        self._sealed.append((self._batch, self._segment))
        self._batch, self._segment = batch, segment

    def _new(self) -> tuple[Batch, Segment]:
        self._number += 1
        batch = Batch(self._id, self._number)
        return batch, Segment(batch.path(self.folder))


def abandoned(folder: Path, ours: uuid.UUID) -> Iterator[Batch]:
    """The segments of other processes in the folder, those of each in their order."""
    for name in sorted(path.name for path in folder.glob("*.clicks")):
        found = _NAME.fullmatch(name)
        if found and found[1] != ours.hex:
            yield Batch(uuid.UUID(hex=found[1]), int(found[2]))
