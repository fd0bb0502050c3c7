"""The virtual runtimes of eevdf, from its turns: the emulator tells the virtual deadline of each, and v lies a known way before it."""

from __future__ import annotations

from climb.systems.scheduler.model import Options, Workload
from climb.systems.scheduler.policies.policy import REPLACED
from climb.systems.scheduler.weights import inverse_of
from climb.workbench.schedules.progress import After

__all__ = ["VirtualRuntimes"]


class VirtualRuntimes:
    """Follows how much of its quantum each task has run since its deadline was set.

    A deadline is v + quantum × inverse at the moment that it is set, and v grows by the inverse with each tick. So with ``used`` ticks
    since then, v is the deadline − (quantum − used) × inverse. A task that comes back, or whose slice ended, has a new deadline.
    """

    def __init__(self, workload: Workload, options: Options) -> None:
        self._quantum = options.quantum
        self._inverses = [inverse_of(task.nice) for task in workload.tasks]
        self._used = [0] * len(workload.tasks)

    def at_start(self, task: int, deadline: int) -> int:
        """The virtual runtime of a task at the beginning of a turn with that deadline."""
        return deadline - (self._quantum - self._used[task]) * self._inverses[task]

    def ran(self, task: int, ticks: int, ending: int, after: After) -> None:
        """Take note of the turn. One that touched the next counts as one, so it may be longer than a quantum."""
        used = after.since if after.since < ticks else self._used[task] + ticks
        self._used[task] = used % self._quantum if ending == REPLACED else 0
