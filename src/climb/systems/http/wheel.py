"""Deadlines of many connections for the price of few timers.

Nearly all deadlines are put off again and again, by every request or every byte, and hardly one is ever met. So each item lies in
the slot of the time when it is next worth a look; it is looked at then, and says when to look again. Putting a deadline off costs
nothing; only one that comes nearer moves the item.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["TICK_S", "Watched", "Wheel"]

TICK_S = 0.1


class Watched(Protocol):
    """Something with deadlines. ``due`` belongs to the wheel: the slot that it lies in, or 0."""

    due: int

    def look(self, now: float) -> float | None:
        """Do what is due, and return when to look again, or None for never."""


class Wheel:
    """Slots of a tenth of a second, from now on."""

    __slots__ = ("_next", "_slots")

    def __init__(self, now: float) -> None:
        self._slots: dict[int, set[Watched]] = {}
        self._next = int(now / TICK_S)

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing is watched."""
        return not self._slots

    def watch(self, item: Watched, at: float) -> None:
        """Look at an item at that time, if not before; never too early, and up to a tick too late."""
        slot = max(int(at / TICK_S) + 1, self._next)
        if item.due:
            if item.due <= slot:
                return
            self.forget(item)
        item.due = slot
        self._slots.setdefault(slot, set()).add(item)

    def forget(self, item: Watched) -> None:
        """Look at it no more."""
        if item.due:
            slot = self._slots[item.due]
            slot.discard(item)
            if not slot:
                del self._slots[item.due]
            item.due = 0

    def turn(self, now: float) -> None:
        """Look at all whose time has come."""
        while self._next * TICK_S <= now:
            items = self._slots.pop(self._next, set())
            self._next += 1
            for item in items:
                item.due = 0
            for item in items:
                at = item.look(now)
                if at is not None:
                    self.watch(item, at)
