"""A queue of calls to make at a time, from which most are taken back before their time comes."""

from __future__ import annotations

import heapq

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Ring = Callable[[float], None]  # called with the time at which it is called

__all__ = ["Alarm", "Deadlines"]

FEW = 256


class Alarm:
    """One entry of the queue; ``ring`` is None once it was cancelled or has rung."""

    __slots__ = ("at", "number", "ring")

    def __init__(self, at: float, number: int, ring: Ring) -> None:
        self.at = at
        self.number = number
        self.ring: Ring | None = ring

    def __lt__(self, other: Alarm) -> bool:
        return (self.at, self.number) < (other.at, other.number)


class Deadlines:
    """Alarms in order of time; those of one moment ring in the order they were set.

    Cancelling only marks an alarm. When more than half of them are marked, the heap is rebuilt, so that a scan whose
    ports answer long before a long timeout does not keep an entry for each of them.
    """

    def __init__(self) -> None:
        self._heap: list[Alarm] = []
        self._cancelled = 0
        self._number = 0

    def __len__(self) -> int:
        return len(self._heap) - self._cancelled

    def set(self, at: float, ring: Ring) -> Alarm:
        """Have *ring* called at *at*."""
        self._number += 1
        alarm = Alarm(at, self._number, ring)
        heapq.heappush(self._heap, alarm)
        return alarm

    def cancel(self, alarm: Alarm | None) -> None:
        """Take *alarm* back; one that has rung or was taken back already may be given too."""
        if alarm is None or alarm.ring is None:
            return
        alarm.ring = None
        self._cancelled += 1
        if self._cancelled > FEW and self._cancelled * 2 > len(self._heap):
            self._heap = [kept for kept in self._heap if kept.ring is not None]
            heapq.heapify(self._heap)
            self._cancelled = 0

    def next_at(self) -> float | None:
        """When the first alarm rings."""
        while self._heap and self._heap[0].ring is None:
            heapq.heappop(self._heap)
            self._cancelled -= 1
        return self._heap[0].at if self._heap else None

    def due(self, now: float) -> Iterator[Ring]:
        """The calls whose time has come, earliest first; each is handed out once."""
        while (at := self.next_at()) is not None and at <= now:
            alarm = heapq.heappop(self._heap)
            ring, alarm.ring = alarm.ring, None
            assert ring is not None
            yield ring
