"""Turns as columns of numbers: small, quick to hand from process to process, and read by the browser where they lie."""

from __future__ import annotations

from array import array
from typing import Any

import msgspec

__all__ = ["BURST", "COLUMNS", "DONE", "LEFT", "REPLACED", "SLICE", "WHYS", "Turns", "body"]

COLUMNS = (("start", "f8"), ("end", "f8"), ("ready", "f8"), ("key", "f8"), ("left", "f8"), ("runtime", "f8"),
           ("task", "i4"), ("cpu", "u1"), ("why", "u1"))  # fmt: skip
_CODES = {"f8": "d", "i4": "i", "u1": "B"}
_WORD = 8

# How a turn ended: what is said about it, by number.
WHYS = (
    "its slice ended",
    "it was replaced",
    "its burst ended, and I/O began",
    "its work was done",
    "it left the processor",
)
SLICE, REPLACED, BURST, DONE, LEFT = range(len(WHYS))


class Turns(msgspec.Struct, frozen=True):
    """Columns of one length, as bytes: times in ticks; ``left`` of the burst after the turn; ``task`` as its place in the workload.

    ``ready`` is since when the task was ready, ``key`` what the policy went by when the turn began,
    ``runtime`` the virtual runtime that eevdf has besides. Sorted by start, then processor.
    """

    count: int
    columns: dict[str, bytes]

    def column(self, name: str) -> array[Any]:
        """One of them as numbers."""
        numbers = array(_CODES[dict(COLUMNS)[name]])
        numbers.frombytes(self.columns[name])
        return numbers


def body(header: dict[str, Any], panels: list[Turns]) -> bytes:
    """What ``static/sched/data.js`` reads."""
    head = msgspec.json.encode({**header, "columns": COLUMNS})
    parts = [_aligned(len(head).to_bytes(4, "little") + head)]
    parts += [_aligned(turns.columns[name]) for turns in panels for name, _ in COLUMNS]
    return b"".join(parts)


def _aligned(data: bytes) -> bytes:
    return data + bytes(-len(data) % _WORD)
