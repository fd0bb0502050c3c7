"""``lottery``: each pick is a draw, and the generator is the brief's, so that everybody draws the same numbers."""

from __future__ import annotations

from collections.abc import Sequence

from climb.projects.scheduler.rules.policies.round_robin import RoundRobin
from climb.projects.scheduler.rules.state import Queue, TaskState
from climb.projects.scheduler.workload import Options

__all__ = ["Lottery"]

_MULTIPLIER, _MODULUS = 48271, 2**31 - 1


class Lottery(RoundRobin):
    """A random number decides, for at most one quantum."""

    rule = "At each pick the next random number, modulo the tickets of all ready tasks together, is the winning ticket; tickets are counted in the order of the workload."

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._x = options.seed
        self.draws = 0

    @property
    def next_number(self) -> int:
        """The number that the next pick will use."""
        return _MULTIPLIER * self._x % _MODULUS

    def pick(self, ready: Sequence[TaskState], members: Sequence[TaskState], now: int) -> TaskState:
        del members, now
        winning = self.next_number % _tickets(ready)
        tickets = 0
        for task in sorted(ready, key=lambda task: task.place):
            tickets += task.spec.tickets
            if tickets > winning:
                return task
        raise AssertionError("the winning ticket is below the sum of all")

    def tie(self, task: TaskState, ready: Sequence[TaskState], members: Sequence[TaskState], now: int) -> bool:
        """The ready order decides nothing here."""
        del task, ready, members, now
        return False

    def picked(self, task: TaskState, queue: Queue, now: int) -> None:
        del task, queue, now
        self._x = self.next_number
        self.draws += 1

    def draw_in_words(self, ready: Sequence[TaskState]) -> str:
        """The draw that decides about ``ready``, in numbers."""
        total = _tickets(ready)
        sums, names = 0, []
        for task in sorted(ready, key=lambda task: task.place):
            names.append(f"{task.id} {sums} to {sums + task.spec.tickets - 1}")
            sums += task.spec.tickets
        return (
            f"Draw {self.draws + 1} gives {self.next_number}, and {self.next_number} mod {total} = {self.next_number % total} wins; "
            f"the tickets are {', '.join(names)}"
        )

    def standing(self, task: TaskState, members: Sequence[TaskState], now: int) -> str:
        del members, now
        return f"{task.spec.tickets} tickets"

    def columns(self, task: TaskState, members: Sequence[TaskState], now: int) -> dict[str, str]:
        del members, now
        return {"tickets": str(task.spec.tickets)}


def _tickets(ready: Sequence[TaskState]) -> int:
    return sum(task.spec.tickets for task in ready)
