"""Following recorded events: which task ran where from when to when, what it waited for, and what the recording hides.

A task is on a processor, ready, or away. Time on a processor is its burst. From leaving in any state but R (running) up to
the next wake-up it was away, which becomes I/O. Ready and not running is waiting, and belongs to the schedule, not to the task.

A recording starts and ends in the middle, and can have holes. What is not known is not invented: it is left out, and counted.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from climb.systems.scheduler.imports.events import Lost, Ready, Switch

__all__ = ["Counts", "Followed", "Recording", "follow"]

_UNKNOWN = -1
_GONE = "XZx"  # exit states of task_state_to_char() and its tables, include/linux/sched.h


@dataclass
class Counts:
    """What was met on the way, for the notes."""

    switches: int = 0
    wake_ups: int = 0
    migrations: int = 0
    exits: int = 0
    preemptions: int = 0
    lost: int = 0  # events of which the recorder says so
    holes: int = 0  # a processor's next event does not fit to its last one
    running_at_start: int = 0
    first_seen_running: int = 0  # no wake-up or fork before the first turn
    unknown_wake_ups: int = 0
    never_ran: int = 0
    out_of_order: int = 0


@dataclass(slots=True)
class Followed:
    """One task of the recording; times in ns since the first event."""

    number: int
    pid: int
    name: str
    prio: int
    bursts: array[int] = field(default_factory=lambda: array("q"))  # work, away, work, …
    arrival: int = _UNKNOWN
    work: int = 0  # of the burst that has not ended yet
    cpu: int = _UNKNOWN  # where it runs
    since: int = 0
    last_cpu: int = _UNKNOWN
    left: int = _UNKNOWN  # when it went away, if it did not run since
    ready: int = _UNKNOWN  # when it became ready after that
    blocked: bool = False  # it waits for a wake-up
    first_ran: int = _UNKNOWN
    last_ran: int = 0
    turns: int = 0


@dataclass
class Recording:
    """Everything that was followed. Stints are kept as four columns; a million of them take 32 MB."""

    tasks: list[Followed] = field(default_factory=list)
    columns: tuple[array[int], array[int], array[int], array[int]] = field(
        default_factory=lambda: (array("q"), array("q"), array("q"), array("q"))
    )
    counts: Counts = field(default_factory=Counts)
    cpus: set[int] = field(default_factory=set)
    clock_ns: int = 0  # the recorder's clock at the first event
    began: int = 0  # when the time asked for began, in ns since the first event
    ended: int = 0

    def stints(self) -> Iterator[tuple[int, int, int, int]]:
        """(cpu, the task's number, start, end) of all stints, in the order in which they ended."""
        return zip(*self.columns, strict=True)


def follow(
    events: Iterable[Switch | Ready | Lost],
    *,
    from_ns: int = 0,
    to_ns: int | None = None,
    cpus: frozenset[int] | None = None,
) -> Recording:
    """Follow ``events`` between two times since the first of them, on all processors or on some."""
    follower = _Follower(from_ns, cpus)
    origin: int | None = None
    for event in events:
        if isinstance(event, Lost):
            follower.book.counts.lost += event.events
            continue
        if origin is None:
            origin = follower.book.clock_ns = event.at_ns
        at = event.at_ns - origin
        if to_ns is not None and at > to_ns:
            follower.move_to(to_ns)
            break
        follower.move_to(at)
        if isinstance(event, Switch):
            follower.switch(event)
        else:
            follower.ready(event)
    return follower.end()


class _Follower:
    def __init__(self, from_ns: int, cpus: frozenset[int] | None) -> None:
        self.book = Recording(began=from_ns)
        self._from = from_ns
        self._only = cpus
        self._now = 0
        self._begun = from_ns == 0
        self._met = 0
        self._by_pid: dict[int, Followed] = {}
        self._running: dict[int, Followed | None] = {}  # by processor; None when it is idle

    def move_to(self, at: int) -> None:
        if at < self._now:
            self.book.counts.out_of_order += 1
            return
        if not self._begun and at >= self._from:
            self._begin()
        self._now = at

    def switch(self, event: Switch) -> None:
        self.book.counts.switches += self._begun
        if self._counts(event.cpu):
            self.book.cpus.add(event.cpu)
        task = self._leaving(event)
        if task is not None:
            task.name, task.prio = event.prev_name, event.prev_prio
            self._leave(task, event.cpu, event.state)
        if event.next_pid:
            self._running[event.cpu] = self._enter(event.next_pid, event.next_name, event.next_prio, event.cpu)
        else:
            self._running[event.cpu] = None

    def _leaving(self, event: Switch) -> Followed | None:
        """The task that leaves, if it is known."""
        if event.cpu not in self._running:
            return self._was_running(event) if event.prev_pid else None
        current = self._running[event.cpu]
        if (current.pid if current else 0) == event.prev_pid and current is self._by_pid.get(event.prev_pid):
            return current
        self.book.counts.holes += self._begun and self._counts(event.cpu)
        if current is not None:  # when it left is not known, so this turn is not counted
            current.cpu = _UNKNOWN
        return self._by_pid.get(event.prev_pid)

    def ready(self, event: Ready) -> None:
        self.book.counts.wake_ups += self._begun
        if event.pid == 0:
            return
        task = self._by_pid.get(event.pid)
        if task is None:
            task = self._new(event.pid, event.name, event.prio)
            task.ready = self._now
        elif task.blocked and task.cpu == _UNKNOWN:
            task.blocked, task.ready = False, self._now

    def _counts(self, cpu: int) -> bool:
        return self._only is None or cpu in self._only

    def end(self) -> Recording:
        for task in list(self._by_pid.values()):
            if task.cpu != _UNKNOWN:
                self._book_stint(task)
            self._finish(task)
        self.book.ended = max(self._now, self._from)
        self.book.tasks.sort(key=lambda task: task.number)
        return self.book

    def _begin(self) -> None:
        """The time asked for begins: what was before is forgotten, but for where everybody is."""
        book = self.book
        book.counts = Counts(lost=book.counts.lost)
        for column in book.columns:
            del column[:]
        book.tasks.clear()
        self._begun = True
        self._now = self._from
        for task in self._by_pid.values():
            del task.bursts[:]
            task.work, task.turns, task.first_ran, task.left = 0, 0, _UNKNOWN, _UNKNOWN
            task.arrival = task.ready = _UNKNOWN
            if task.cpu != _UNKNOWN:
                task.since = task.arrival = task.first_ran = self._from
                task.turns = 1
                book.counts.running_at_start += 1
            elif not task.blocked:
                task.ready = self._from

    def _new(self, pid: int, name: str, prio: int) -> Followed:
        task = self._by_pid[pid] = Followed(self._met, pid, name, prio)
        self._met += 1
        return task

    def _was_running(self, event: Switch) -> Followed | None:
        """The first event of a processor tells who ran there since the recording began."""
        if event.prev_pid in self._by_pid:  # it came from another processor, and how is not recorded
            self.book.counts.holes += self._begun
            return None
        task = self._new(event.prev_pid, event.prev_name, event.prev_prio)
        if not self._counts(event.cpu):
            return task
        task.cpu = task.last_cpu = event.cpu
        task.since = task.arrival = task.first_ran = self._from if self._begun else 0
        task.turns = 1
        self.book.counts.running_at_start += self._begun
        return task

    def _enter(self, pid: int, name: str, prio: int, cpu: int) -> Followed:
        at = self._now
        task = self._by_pid.get(pid) or self._new(pid, name, prio)
        task.name, task.prio = name, prio
        self._withdraw(task)
        if not self._counts(cpu):
            self._enter_elsewhere(task)
            return task
        if task.arrival == _UNKNOWN:
            self.book.counts.first_seen_running += self._begun and task.ready == _UNKNOWN
            task.arrival = task.ready if task.ready != _UNKNOWN else at
        elif task.left != _UNKNOWN:
            self.book.counts.unknown_wake_ups += self._begun and task.ready == _UNKNOWN
            back = task.ready if task.ready != _UNKNOWN else at
            task.bursts.append(task.work)
            task.bursts.append(back - task.left)
            task.work = 0
        if task.first_ran == _UNKNOWN:
            task.first_ran = at
        if task.last_cpu not in (_UNKNOWN, cpu):
            self.book.counts.migrations += self._begun
        task.cpu = task.last_cpu = cpu
        task.since, task.left, task.ready, task.blocked = at, _UNKNOWN, _UNKNOWN, False
        task.turns += 1
        return task

    def _enter_elsewhere(self, task: Followed) -> None:
        """On a processor that was not asked for, a task is away: neither working here nor waiting."""
        if task.left == _UNKNOWN and task.arrival != _UNKNOWN:
            task.left = task.last_ran
        task.cpu, task.ready, task.blocked = _UNKNOWN, _UNKNOWN, False

    def _leave(self, task: Followed, cpu: int, state: str) -> None:
        if task.cpu == cpu:
            self._book_stint(task)
            task.cpu = _UNKNOWN
        self._withdraw(task)
        if state[0] in _GONE:
            self.book.counts.exits += self._begun
            del self._by_pid[task.pid]
            self._finish(task)
        elif state[0] == "R":
            self.book.counts.preemptions += self._begun
            if task.left != _UNKNOWN:
                task.ready = self._now
        else:
            task.blocked, task.ready = True, _UNKNOWN
            if task.left == _UNKNOWN and task.arrival != _UNKNOWN:
                task.left = self._now

    def _withdraw(self, task: Followed) -> None:
        """A task is in one place: if it shows up elsewhere, when it left the processor that we thought it on is not known."""
        if task.cpu != _UNKNOWN:
            self._running[task.cpu] = None
            task.cpu = _UNKNOWN

    def _book_stint(self, task: Followed) -> None:
        task.work += self._now - task.since
        task.last_ran = self._now
        if self._begun and self._now > task.since:
            cpus, numbers, starts, ends = self.book.columns
            cpus.append(task.cpu)
            numbers.append(task.number)
            starts.append(task.since)
            ends.append(self._now)

    def _finish(self, task: Followed) -> None:
        if not self._begun:
            return
        if task.arrival == _UNKNOWN:
            self.book.counts.never_ran += task.ready != _UNKNOWN
            return
        task.bursts.append(task.work)
        self.book.tasks.append(task)
