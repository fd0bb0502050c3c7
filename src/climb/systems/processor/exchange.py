"""Readings between workers: what goes out to their owners and is acknowledged when it is safe there, and what comes in."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from climb.systems.processor.connections import Part
from climb.systems.processor.engine.rings import Ring

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Exchange", "Neighbours"]


class Neighbours:
    """The rings between this worker and the others, and how they wake one another."""

    def __init__(self, index: int, wakes: Sequence[int], out: dict[int, Ring], into: dict[int, Ring]) -> None:
        self.index = index
        self.wakes = wakes  # an eventfd for each worker
        self.out = out
        self.into = into

    def wake(self, index: int) -> None:
        os.eventfd_write(self.wakes[index], 1)


class Exchange:
    """One worker's end of all its rings."""

    def __init__(self, near: Neighbours) -> None:
        self._near = near
        self._unpushed: dict[int, deque[tuple[NDArray[Any], Part]]] = {index: deque() for index in near.out}
        self._forwarded: dict[int, deque[tuple[int, Part]]] = {index: deque() for index in near.out}
        self._positions: dict[int, int] = {}  # of rings, that the commit in work makes safe

    @property
    def is_stuck(self) -> bool:
        """Whether readings wait for room in another worker's ring."""
        return any(self._unpushed.values())

    def forward(self, owner: int, share: NDArray[Any], part: Part) -> None:
        """Give readings to the worker that owns their sensors, with the next :meth:`push`."""
        self._unpushed[owner].append((share, part))

    def push(self) -> None:
        """Put as much into the rings as there is room for."""
        for owner, waiting in self._unpushed.items():
            ring = self._near.out[owner]
            pushed = False
            while waiting:
                share, part = waiting[0]
                count = ring.push(share)
                pushed = pushed or count > 0
                if count < len(share):
                    waiting[0] = (share[count:], part)
                    break
                waiting.popleft()
                self._forwarded[owner].append((ring.written, part))
            if pushed:
                self._near.wake(owner)

    def incoming(self) -> Iterator[NDArray[Any]]:
        """Readings of sensors of ours that others have read; each piece is good until the next one."""
        for ring in self._near.into.values():
            for _ in range(2):  # up to the end of the memory, and on from its beginning
                readings = ring.peek()
                if len(readings):
                    yield readings
                    ring.release(len(readings))

    def made_safe(self) -> Iterator[Part]:
        """What we have forwarded and its owners have committed since the last call."""
        for owner, parts in self._forwarded.items():
            committed = self._near.out[owner].committed
            while parts and parts[0][0] <= committed:
                yield parts.popleft()[1]

    @property
    def has_uncommitted(self) -> bool:
        """Whether something came in that no commit has begun to make safe."""
        return any(ring.committed < ring.taken for ring in self._near.into.values())

    def begin_commit(self) -> None:
        """What has come in up to now is in the commit that begins."""
        self._positions = {index: ring.taken for index, ring in self._near.into.items()}

    def committed(self) -> None:
        """That commit is done: tell those who wait for it."""
        for index, position in self._positions.items():
            ring = self._near.into[index]
            if ring.committed < position:
                ring.set_committed(position)
                self._near.wake(index)
