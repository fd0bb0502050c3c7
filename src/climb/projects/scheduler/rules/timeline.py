"""A timeline in order: for each processor its pieces, sorted, touching ones of the same task made one."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

__all__ = ["Piece", "Timeline"]


class Piece(msgspec.Struct, frozen=True):
    """One task on one processor, from ``start`` up to and without ``end``."""

    cpu: int
    task: str
    start: int
    end: int


class Timeline:
    """Pieces by processor. Overlapping pieces stay as they are: that they overlap is for the facts to say."""

    def __init__(self, pieces: Iterable[Piece], cpus: int) -> None:
        self.by_cpu: list[list[Piece]] = [[] for _ in range(cpus)]
        for piece in sorted(pieces, key=lambda piece: (piece.start, piece.end)):
            if piece.start == piece.end:  # no tick at all, which says nothing
                continue
            on_cpu = self.by_cpu[piece.cpu]
            if on_cpu and on_cpu[-1].task == piece.task and on_cpu[-1].end == piece.start:
                on_cpu[-1] = msgspec.structs.replace(on_cpu[-1], end=piece.end)
            else:
                on_cpu.append(piece)

    @property
    def pieces(self) -> list[Piece]:
        """All pieces by start, then processor."""
        return sorted((piece for pieces in self.by_cpu for piece in pieces), key=lambda piece: (piece.start, piece.cpu))

    def of_task(self, task: str) -> list[Piece]:
        """The pieces of one task, by start."""
        return [piece for piece in self.pieces if piece.task == task]

    def at(self, cpu: int, tick: int) -> Piece | None:
        """What ``cpu`` runs at ``tick``."""
        return next((piece for piece in self.by_cpu[cpu] if piece.start <= tick < piece.end), None)

    def following(self, cpu: int, tick: int) -> Piece | None:
        """What ``cpu`` begins at ``tick`` or next after it."""
        return next((piece for piece in self.by_cpu[cpu] if piece.start >= tick), None)

    @property
    def end(self) -> int:
        """The tick at which the last piece ends."""
        return max((piece.end for pieces in self.by_cpu for piece in pieces), default=0)
