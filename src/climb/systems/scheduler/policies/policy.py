"""What a policy has a say in, and what happens where it says nothing.

A policy is a class that is never made into an object: its functions work on the machine, so that the same source runs as
plain Python and compiled. ``m`` is the machine; queues, tasks and processors are numbers; times are ticks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from climb.systems.scheduler.heap import without_first
from climb.systems.scheduler.state import NEVER

if TYPE_CHECKING:
    from climb.systems.scheduler.state import Machine

__all__ = ["AT_READY", "BURST_ENDED", "ENDINGS", "FREELY", "KEEPS", "REPLACED", "SLICE_ENDED", "Policy"]

KEEPS, FREELY, AT_READY = 0, 1, 2  # replacing: never; at any tick; at ticks at which a task became ready in step 2
BURST_ENDED, SLICE_ENDED, REPLACED = 0, 1, 2  # why a task left its processor
ENDINGS = ("burst", "slice", "replaced")


class Policy:
    """No slices, no replacing; the first of a heap is picked."""

    rule: ClassVar[str] = ""  # in one sentence
    key: ClassVar[str | None] = None  # what the number is by which a task is picked, if it is one
    replaces: ClassVar[int] = KEEPS
    ages: ClassVar[bool] = False  # whether replacing may be due at a tick at which nothing else happens

    @staticmethod
    def join(m: Machine, queue: int, task: int) -> None:
        """A task arrives (it has no processor yet) or comes back, in step 2, before it is enqueued."""

    @staticmethod
    def leave(m: Machine, queue: int, task: int) -> None:
        """A task's burst has ended, in step 1."""

    @staticmethod
    def move(m: Machine, queue: int, other: int, task: int) -> None:
        """A task that was just picked from a queue is stolen by another one."""

    @staticmethod
    def enqueue(m: Machine, queue: int, task: int) -> None:
        """A task is ready: place it."""

    @staticmethod
    def pick(m: Machine, queue: int) -> int:
        """Take out the ready task that runs next."""
        task = m.queues[queue].first
        m.queues[queue].first = without_first(m.tasks, task)
        return task

    @staticmethod
    def picked(m: Machine, queue: int, task: int, now: int) -> None:
        """A task was given a processor of this queue."""

    @staticmethod
    def expires(m: Machine, queue: int, task: int, now: int, begins: int) -> int:
        """Return the tick at which the slice of a task ends that was just picked."""
        return NEVER

    @staticmethod
    def full_slice(m: Machine, queue: int, task: int) -> int:
        """Return how long the slices are of a task that is picked again and again, 0 if that is not always the same."""
        return 0

    @staticmethod
    def renewed(m: Machine, queue: int, task: int, times: int, ticks: int) -> None:
        """With nobody else ready, a task will get so many new slices, the last one after so many more ticks."""

    @staticmethod
    def tick(m: Machine, queue: int, task: int, ticks: int, now: int) -> None:
        """A task has run so many ticks, up to now."""

    @staticmethod
    def expire(m: Machine, queue: int, task: int) -> None:
        """A task's slice has ended, in step 3, before it is enqueued."""

    @staticmethod
    def boost(m: Machine, until: int) -> None:
        """Account for all boosts up to and with this tick."""

    @staticmethod
    def rival(m: Machine, queue: int) -> int:
        """Return the ready task that may replace a running one; the queue has at least one."""
        return m.queues[queue].first

    @staticmethod
    def standing(m: Machine, task: int) -> int:
        """Return a number that is the larger, the less the policy would like to run this task."""
        return 0

    @staticmethod
    def beats(m: Machine, ready: int, running: int, now: int) -> bool:
        """Tell whether a ready task replaces a running one."""
        return False

    @staticmethod
    def due(m: Machine, now: int) -> int:
        """Return the next tick at which replacing is due if nothing happens before."""
        return NEVER

    @staticmethod
    def shown(m: Machine, task: int, now: int) -> int:
        """Return the number by which a task was picked, for people."""
        return 0
