"""A queue of things to do at a time, from which most are taken back before their time comes."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Generic, TypeVar

__all__ = ["Alarm", "Deadlines"]

T = TypeVar("T")

FEW = 256


class Alarm(Generic[T]):
    """One entry of the queue; ``item`` is None once it was cancelled or has rung."""

    __slots__ = ("at", "item", "number")

    def __init__(self, at: float, number: int, item: T) -> None:
        self.at = at
        self.number = number
        self.item: T | None = item

    def __lt__(self, other: Alarm[T]) -> bool:
        return (self.at, self.number) < (other.at, other.number)


class Deadlines(Generic[T]):
    """Alarms in order of time; those of one moment ring in the order they were set.

    Cancelling only marks an alarm. When more than half of them are marked, the heap is rebuilt, so that a scan whose
    ports answer long before a long timeout does not keep an entry for each of them.
    """

    def __init__(self) -> None:
        self._heap: list[Alarm[T]] = []
        self._cancelled = 0
        self._number = 0

    def __len__(self) -> int:
        return len(self._heap) - self._cancelled

    def set(self, at: float, item: T) -> Alarm[T]:
        """Ring for *item* at *at*."""
        self._number += 1
        alarm = Alarm(at, self._number, item)
        heapq.heappush(self._heap, alarm)
        return alarm

    def cancel(self, alarm: Alarm[T] | None) -> None:
        """Take *alarm* back; one that has rung or was taken back already may be given too."""
        if alarm is None or alarm.item is None:
            return
        alarm.item = None
        self._cancelled += 1
        if self._cancelled > FEW and self._cancelled * 2 > len(self._heap):
            self._heap = [kept for kept in self._heap if kept.item is not None]
            heapq.heapify(self._heap)
            self._cancelled = 0

    def next_at(self) -> float | None:
        """When the first alarm rings."""
        while self._heap and self._heap[0].item is None:
            heapq.heappop(self._heap)
            self._cancelled -= 1
        return self._heap[0].at if self._heap else None

    def due(self, now: float) -> Iterator[T]:
        """The items whose time has come, earliest first; each is handed out once."""
        while (at := self.next_at()) is not None and at <= now:
            alarm = heapq.heappop(self._heap)
            item, alarm.item = alarm.item, None
            assert item is not None
            yield item
