"""Plausible mistakes, as policies that make them.

A check about one rule takes workloads on which the mistake shows, and its neighbours take those on which it does not: so a program with
one mistake fails one check. Nothing is demanded of a program here; its timeline is held against the rules alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from climb.projects.scheduler.rules.policies.cfs import CompletelyFair
from climb.projects.scheduler.rules.policies.eevdf import EarliestEligible
from climb.projects.scheduler.rules.policies.lottery import Lottery
from climb.projects.scheduler.rules.policies.mlfq import Feedback
from climb.projects.scheduler.rules.policies.priority import Priority
from climb.projects.scheduler.rules.policies.real_time import EarliestDeadline, RateMonotonic
from climb.projects.scheduler.rules.policies.shortest import ShortestRemaining
from climb.projects.scheduler.rules.policies.stride import Stride
from climb.projects.scheduler.rules.policies.weights import inverse
from climb.projects.scheduler.rules.policy import Key
from climb.projects.scheduler.rules.state import Phase, Processor, Queue, TaskState

__all__ = [
    "AgingWhileRunning",
    "AllIsEligible",
    "AllotmentOfEachTurn",
    "ArrivesAtZero",
    "BoostKeepsAllotment",
    "BoostMixesLevels",
    "ComparesWholeBursts",
    "CountsInReadyOrder",
    "DeadlineFromReady",
    "DropsWithEachQuantum",
    "EevdfArrivesAtZero",
    "EqualSlices",
    "FairArrivesAtZero",
    "FairMovesAsItIs",
    "FairNoCredit",
    "FairReturnsAsItLeft",
    "ForgetsLag",
    "FullQuantumAgain",
    "LeadOfTheRunning",
    "MovesAsItIs",
    "NoAging",
    "NoBoost",
    "NoLead",
    "NoMinimum",
    "NoneFirst",
    "NoneHasShortestPeriod",
    "OwnPassOnReturn",
    "PicksByPriority",
    "ReplacesIneligible",
    "ReturnsAtTheFloor",
    "RunsOnWithoutAllotment",
    "SkipsLonelyDraws",
    "ThreeLevels",

    "WaitsAddUp",
    "WholeQuantumCharged",
]  # fmt: skip


class ComparesWholeBursts(ShortestRemaining):
    """Compares the bursts as they were at first, not what is left of them."""

    def key(self, task: TaskState, members: Sequence[TaskState], now: int) -> Key:
        del members, now
        return (task.spec.bursts[task.burst],)


class NoAging(Priority):
    """Ignores --aging."""

    def _rank(self, task: TaskState, now: int) -> int:
        del now
        return task.spec.priority


class PicksByPriority(Priority):
    """Aging counts for replacing, and picking goes by the bare priority."""

    def pick(self, ready: Sequence[TaskState], members: Sequence[TaskState], now: int) -> TaskState:
        del members, now
        return min(ready, key=lambda task: (task.spec.priority, task.turn))


class WaitsAddUp(Priority):
    """Adds up all waiting, over turns and I/O, instead of counting since the task last became ready."""

    def picked(self, task: TaskState, queue: Queue, now: int) -> None:
        super().picked(task, queue, now)
        task.used += now - task.ready_since

    def _rank(self, task: TaskState, now: int) -> int:
        return super()._rank(task, now) - (0 if task.phase is Phase.RUNNING else task.used)


class AgingWhileRunning(Priority):
    """A running task's rank goes back to its bare priority."""

    def picked(self, task: TaskState, queue: Queue, now: int) -> None:
        super().picked(task, queue, now)
        task.rank = task.spec.priority * max(self.options.aging, 1)


class AllotmentOfEachTurn(Feedback):
    """Whoever leaves for I/O in time gets a new allotment."""

    def leaves(self, task: TaskState, queue: Queue, members: Sequence[TaskState]) -> None:
        super().leaves(task, queue, members)
        task.used = 0


class DropsWithEachQuantum(Feedback):
    """A quantum used up costs a level, whatever is left of the allotment."""

    def slice_ended(self, task: TaskState) -> None:
        before = task.level
        super().slice_ended(task)
        if task.level == before and not self._last(task):
            task.level, task.used = task.level + 1, 0


class RunsOnWithoutAllotment(Feedback):
    """An allotment that is used up within a turn is noticed when the quantum is over."""

    def slice_over(self, cpu: Processor) -> bool:
        return cpu.slice is not None and cpu.ran >= cpu.slice


class ThreeLevels(Feedback):
    """Always has three levels."""

    def _last(self, task: TaskState) -> bool:
        return task.level >= 2


class NoBoost(Feedback):
    """Ignores --boost."""

    def boosted(self, task: TaskState) -> None:
        del task

    def boost_order(self, task: TaskState) -> Key:
        return (task.turn,)


class BoostKeepsAllotment(Feedback):
    """A boost lifts tasks, and leaves what they have used of their allotment."""

    def boosted(self, task: TaskState) -> None:
        task.level = 0


class BoostMixesLevels(Feedback):
    """After a boost the ready order is as if there had been no levels."""

    def boost_order(self, task: TaskState) -> Key:
        return (task.turn,)


class CountsInReadyOrder(Lottery):
    """Counts the tickets in the ready order."""

    def pick(self, ready: Sequence[TaskState], members: Sequence[TaskState], now: int) -> TaskState:
        del members, now
        winning = self.next_number % sum(task.spec.tickets for task in ready)
        for task in sorted(ready, key=lambda task: task.turn):
            winning -= task.spec.tickets
            if winning < 0:
                return task
        raise AssertionError("the winning ticket is below the sum of all")


class SkipsLonelyDraws(Lottery):
    """Draws no number when only one task is ready."""

    def pick(self, ready: Sequence[TaskState], members: Sequence[TaskState], now: int) -> TaskState:
        self._lonely = len(ready) == 1
        return super().pick(ready, members, now)

    def picked(self, task: TaskState, queue: Queue, now: int) -> None:
        if not self._lonely:
            super().picked(task, queue, now)


class ArrivesAtZero(Stride):
    """A task that arrives has pass 0."""

    def arrives(self, task: TaskState, queue: Queue, members: Sequence[TaskState]) -> None:
        del queue, members
        task.virtual = 0


class OwnPassOnReturn(Stride):
    """A task that comes back has the pass with which it left."""

    def returns(self, task: TaskState, queue: Queue, members: Sequence[TaskState]) -> None:
        del task, queue, members


class ReturnsAtTheFloor(Stride):
    """A task that comes back begins at the floor, even if its own pass was larger."""

    def returns(self, task: TaskState, queue: Queue, members: Sequence[TaskState]) -> None:
        del members
        task.virtual = queue.floor


class WholeQuantumCharged(Stride):
    """A turn that ended early is charged as a whole quantum."""

    def leaves(self, task: TaskState, queue: Queue, members: Sequence[TaskState]) -> None:
        del members
        ran = next(cpu.ran for cpu in queue.processors if cpu.task is task)
        self.ran(task, self.options.quantum - ran)


class MovesAsItIs(Stride):
    """A stolen task keeps its pass."""

    def moves(
        self, task: TaskState, old: Sequence[TaskState], new: Sequence[TaskState], queues: tuple[Queue, Queue]
    ) -> None:
        del task, old, new, queues


class DeadlineFromReady(EarliestDeadline):
    """The deadline counts from the tick at which the job became ready, not from its release."""

    def arrives(self, task: TaskState, queue: Queue, members: Sequence[TaskState]) -> None:
        self.returns(task, queue, members)

    def returns(self, task: TaskState, queue: Queue, members: Sequence[TaskState]) -> None:
        del queue, members
        if task.burst == 0:
            task.due = task.until + (task.spec.limit or 0)

    def key(self, task: TaskState, members: Sequence[TaskState], now: int) -> Key:
        del members, now
        return (1, 0) if task.spec.limit is None else (0, task.due)


class NoneFirst(EarliestDeadline):
    """No deadline counts as deadline 0."""

    def key(self, task: TaskState, members: Sequence[TaskState], now: int) -> Key:
        return (0, 0) if task.deadline is None else super().key(task, members, now)


class NoneHasShortestPeriod(RateMonotonic):
    """No period counts as period 0."""

    def key(self, task: TaskState, members: Sequence[TaskState], now: int) -> Key:
        return (0, 0) if task.spec.period is None else super().key(task, members, now)


class EqualSlices(CompletelyFair):
    """The latency is divided by the number of tasks, whatever they weigh."""

    def _share(self, task: TaskState, members: Sequence[TaskState]) -> int:
        del task
        return self.options.latency // len(members)


class NoMinimum(CompletelyFair):
    """A slice may be shorter than the granularity."""

    def slice(self, task: TaskState, members: Sequence[TaskState]) -> int | None:
        return max(self._share(task, members), 1)


class FairArrivesAtZero(CompletelyFair):
    """A task that arrives has virtual runtime 0."""

    def arrives(self, task: TaskState, queue: Queue, members: Sequence[TaskState]) -> None:
        del queue, members
        task.virtual = 0


class FairReturnsAsItLeft(CompletelyFair):
    """A task that comes back has the virtual runtime with which it left."""

    def returns(self, task: TaskState, queue: Queue, members: Sequence[TaskState]) -> None:
        del task, queue, members


class FairNoCredit(CompletelyFair):
    """A task that comes back begins at the floor at least: sleeping earns nothing."""

    def returns(self, task: TaskState, queue: Queue, members: Sequence[TaskState]) -> None:
        del members
        task.virtual = max(task.virtual, queue.floor)


class NoLead(CompletelyFair):
    """The smaller virtual runtime replaces the larger one, by however little."""

    def lead(self, task: TaskState) -> int:
        del task
        return 0


class LeadOfTheRunning(CompletelyFair):
    """The lead is counted with the weight of the running task."""

    def replaces(self, ready: TaskState, running: TaskState, members: Sequence[TaskState], now: int) -> bool:
        del members, now
        return running.virtual - ready.virtual > self.options.granularity * inverse(running.spec.nice)


class FairMovesAsItIs(CompletelyFair):
    """A stolen task keeps its virtual runtime."""

    def moves(
        self, task: TaskState, old: Sequence[TaskState], new: Sequence[TaskState], queues: tuple[Queue, Queue]
    ) -> None:
        del task, old, new, queues


class AllIsEligible(EarliestEligible):
    """The earliest virtual deadline, eligible or not."""

    def key(self, task: TaskState, members: Sequence[TaskState], now: int) -> Key:
        del members, now
        return (0, task.due)

    def candidates(self, ready: Sequence[TaskState], members: Sequence[TaskState]) -> Sequence[TaskState]:
        earliest = min(ready, key=lambda task: (task.due, task.turn), default=None)
        return [earliest] if earliest in super().candidates(ready, members) and earliest is not None else []


class EevdfArrivesAtZero(EarliestEligible):
    """A task that arrives has v 0."""

    def arrives(self, task: TaskState, queue: Queue, members: Sequence[TaskState]) -> None:
        super().arrives(task, queue, members)
        task.virtual = 0
        self.slice_ended(task)


class FullQuantumAgain(EarliestEligible):
    """After being replaced a task runs a whole quantum again."""

    def slice(self, task: TaskState, members: Sequence[TaskState]) -> int | None:
        del task, members
        return self.options.quantum


class ForgetsLag(EarliestEligible):
    """A task that comes back begins at V, like one that arrives."""

    def returns(self, task: TaskState, queue: Queue, members: Sequence[TaskState]) -> None:
        task.lag = 0
        super().returns(task, queue, members)


class ReplacesIneligible(EarliestEligible):
    """A ready task with an earlier deadline replaces a running one even if it is not eligible."""

    def candidates(self, ready: Sequence[TaskState], members: Sequence[TaskState]) -> Sequence[TaskState]:
        del members
        return [min(ready, key=lambda task: (task.due, task.turn))] if ready else []

    def replaces(self, ready: TaskState, running: TaskState, members: Sequence[TaskState], now: int) -> bool:
        del members, now
        return ready.due < running.due
