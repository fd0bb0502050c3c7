"""Names of sensors and their ids: a file with a name a line, only ever made longer; the id is the line's number from 0.

An id is on the disk before anyone learns it, so a log may speak of sensors by id.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from climb.systems.processor.engine.columns import Records

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Registry", "in_order"]


class Registry:
    """Gives out ids; one process owns the file, others may read it."""

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self.names: list[bytes] = []
        self._durable = durable
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):  # a crash in the middle of a name, which nobody has learned
            os.ftruncate(self._file, whole)
        self.names.extend(content[:whole].split(b"\n")[:-1])
        self._ids = {name: number for number, name in enumerate(self.names)}

    def ids_of(self, names: Sequence[bytes]) -> list[int]:
        """Return the ids of names; new ones are on the disk when it returns."""
        new = [name for name in dict.fromkeys(names) if name not in self._ids]
        if new:
            self._append(b"".join(name + b"\n" for name in new))
            for name in new:
                self._ids[name] = len(self.names)
                self.names.append(name)
        return [self._ids[name] for name in names]

    def ranks(self) -> NDArray[np.uint32]:
        """Return the place of each id in the order of names, by bytes."""
        ranks = np.empty(len(self.names), np.uint32)
        ranks[sorted(range(len(self.names)), key=self.names.__getitem__)] = np.arange(len(self.names), dtype=np.uint32)
        return ranks

    def close(self) -> None:
        os.close(self._file)

    def _append(self, lines: bytes) -> None:
        while lines:
            lines = lines[os.write(self._file, lines) :]
        if self._durable:
            os.fdatasync(self._file)


def in_order(windows: Records, ranks: NDArray[np.uint32]) -> Records:
    """Return windows by start, then by the sensor's name."""
    ordered: Records = windows[np.lexsort((ranks[windows["sensor"]], windows["start"]))]
    return ordered
