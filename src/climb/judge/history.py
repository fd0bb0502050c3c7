"""What was done to a program and how it answered, in the order of time, as the judge's clients saw it.

A client that got no answer does not know whether its operation happened. A history keeps that apart: an outcome is OK, FAILED or
UNKNOWN, and a property of a history may build on the first two only. That is how Jepsen judges databases (Kingsbury, and the
model of Herlihy and Wing, "Linearizability", 1990: an operation takes effect between its beginning and its end, if it does).

A history does not change. A ``Recorder`` makes one, from any number of clients at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Literal

__all__ = ["PROGRAM", "Event", "EventKind", "History", "Operation", "Outcome", "Pending", "Period", "Recorder"]

PROGRAM = "program"  # who is judged, among those who take part

EventKind = Literal["killed", "started", "paused", "resumed", "note"]


class Outcome(Enum):
    """What is known about an operation."""

    OK = "ok"  # the program said yes
    FAILED = "failed"  # it certainly did not happen
    UNKNOWN = "unknown"  # no answer: it may have happened


@dataclass(frozen=True)
class Operation:
    """One thing that a client asked for. ``ended_at`` is None if nothing came until the end; times are seconds since the start.

    ``value`` is what was sent or, once answered, what came back, as its recorder decided. ``label`` says in a few words what was
    asked, ``answer`` what came back or why nothing did. ``unasked`` is for what the program told of its own accord.
    """

    number: int
    who: str
    what: str
    invoked_at: float
    ended_at: float | None
    outcome: Outcome
    value: Any = None
    label: str = ""
    answer: str = ""
    unasked: bool = False

    def before(self, other: Operation) -> bool:
        """Whether this one had ended when the other began; else the two overlapped, and either may have come first."""
        return self.ended_at is not None and self.ended_at < other.invoked_at


@dataclass(frozen=True)
class Event:
    """Something that happened to one of those who take part, such as that the program was killed."""

    at: float
    who: str
    kind: EventKind
    label: str


@dataclass(frozen=True)
class Period:
    """A fault, from its beginning to its end."""

    start: float
    end: float
    label: str


@dataclass(frozen=True)
class History:
    """Operations in the order in which they began, and what happened meanwhile."""

    operations: tuple[Operation, ...] = ()
    events: tuple[Event, ...] = ()
    faults: tuple[Period, ...] = ()
    ended_at: float = 0.0

    def __post_init__(self) -> None:
        order = sorted(self.operations, key=lambda each: (each.invoked_at, each.number))
        object.__setattr__(self, "operations", tuple(order))

    def __iter__(self) -> Iterator[Operation]:
        return iter(self.operations)

    def __len__(self) -> int:
        return len(self.operations)

    def of(self, *what: str) -> History:
        """Only operations of these kinds."""
        return self._only(lambda each: each.what in what)

    def by(self, *who: str) -> History:
        """Only operations of these clients."""
        return self._only(lambda each: each.who in who)

    @property
    def ok(self) -> History:
        """Only what the program said yes to."""
        return self._only(lambda each: each.outcome is Outcome.OK)

    @property
    def failed(self) -> History:
        """Only what certainly did not happen."""
        return self._only(lambda each: each.outcome is Outcome.FAILED)

    @property
    def unknown(self) -> History:
        """Only what may have happened."""
        return self._only(lambda each: each.outcome is Outcome.UNKNOWN)

    @property
    def definite(self) -> History:
        """Only what is known to have happened or not."""
        return self._only(lambda each: each.outcome is not Outcome.UNKNOWN)

    def _only(self, wanted: Callable[[Operation], bool]) -> History:
        return replace(self, operations=tuple(each for each in self.operations if wanted(each)))


class Pending:
    """An operation that was begun. The first end counts; without any it is UNKNOWN."""

    def __init__(self, recorder: Recorder, operation: Operation) -> None:
        self._recorder = recorder
        self.operation = operation

    def ok(self, value: Any = None, *, answer: str = "") -> None:
        """The program said yes; ``value``, if given, replaces that of the beginning."""
        self._end(Outcome.OK, value, answer)

    def failed(self, why: str = "") -> None:
        """It certainly did not happen."""
        self._end(Outcome.FAILED, None, why)

    def unknown(self, why: str = "") -> None:
        """There will be no answer, such as after a broken connection."""
        self._end(Outcome.UNKNOWN, None, why)

    def _end(self, outcome: Outcome, value: Any, answer: str) -> None:
        begun = self.operation
        if begun.ended_at is not None:
            return
        self.operation = replace(
            begun,
            ended_at=self._recorder.now(),
            outcome=outcome,
            value=begun.value if value is None else value,
            answer=answer,
        )


def _from_now() -> Callable[[], float]:
    start = time.monotonic()
    return lambda: time.monotonic() - start


@dataclass
class Recorder:
    """Makes a history of what concurrent clients do; one for all of them, in one event loop.

    ``clock`` tells seconds since the start; by default it starts now.
    """

    clock: Callable[[], float] = field(default_factory=_from_now)
    _pending: list[Pending] = field(default_factory=list)
    _events: list[Event] = field(default_factory=list)
    _faults: dict[int, Period] = field(default_factory=dict)
    _open: set[int] = field(default_factory=set)

    def now(self) -> float:
        """Seconds since the start."""
        return self.clock()

    def begin(self, who: str, what: str, value: Any = None, *, label: str = "") -> Pending:
        """A client begins an operation now."""
        begun = Operation(len(self._pending), who, what, self.now(), None, Outcome.UNKNOWN, value, label)
        self._pending.append(Pending(self, begun))
        return self._pending[-1]

    def told(self, who: str, what: str, value: Any = None, *, label: str = "") -> Operation:
        """The program told this client something of its own accord, such as an ack."""
        pending = self.begin(who, what, value, label=label)
        pending.operation = replace(pending.operation, unasked=True)
        pending.ok()
        return pending.operation

    def event(self, who: str, kind: EventKind, label: str = "") -> None:
        """Something happened to one of those who take part."""
        self._events.append(Event(self.now(), who, kind, label or kind))

    def fault_begins(self, label: str) -> int:
        """A fault is there from now on; returns a number for ``fault_ends``."""
        number = len(self._faults)
        self._faults[number] = Period(self.now(), float("inf"), label)
        self._open.add(number)
        return number

    def fault_ends(self, number: int) -> None:
        """The fault is healed; a second time changes nothing."""
        if number in self._open:
            self._open.remove(number)
            self._faults[number] = replace(self._faults[number], end=self.now())

    def history(self) -> History:
        """What happened up to now; a fault that is still there ends now, an operation without an answer is UNKNOWN."""
        now = self.now()
        faults = (replace(each, end=min(each.end, now)) for each in self._faults.values())
        return History(tuple(each.operation for each in self._pending), tuple(self._events), tuple(faults), now)
