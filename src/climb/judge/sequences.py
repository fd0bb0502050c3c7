"""From a history to a sequence diagram of the part that matters: the operations around those that failed.

A history may have thousands of operations. Shown are those that are pointed at, the nearest before and after each of them in time,
and every event and fault; the rest are gaps that say how many messages they hide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence as Ordered
from itertools import groupby

from climb.judge.evidence import Sequence
from climb.judge.history import PROGRAM, Event, History, Operation, Outcome
from climb.sequence.model import Arrow, Gap, Note, Shade, State, Step

__all__ = ["sequence_of", "shades_of"]

_MOST = 16
_EVENTS_MOST = 16  # beyond, those far from what is pointed at are left out
_STATES: dict[str, State | None] = {
    "killed": "down", "started": "running", "paused": "paused", "resumed": "running", "note": None,
}  # fmt: skip


def sequence_of(
    history: History,
    *,
    subject: str,
    around: Operation | Ordered[Operation] | float | None = None,
    actors: Ordered[str] = (),
    most: int = _MOST,
) -> Sequence:
    """A diagram with at most about ``most`` messages, those nearest to ``around`` (None: to the end), whose last is marked.

    ``actors`` orders the columns; others follow as they come, and the program stands at the right.
    """
    wanted = _wanted(around)
    steps = [*_steps(history)]
    moments = _moments(around, history)
    shown = _nearest(steps, wanted, moments, most)
    marked = _marked(steps, wanted, shown)
    drawn: list[Step] = []
    mark = None
    for visible, group in groupby(enumerate(steps), key=lambda numbered: numbered[0] in shown):
        members = list(group)
        if visible:
            for number, (step, _) in members:
                mark = len(drawn) if number == marked else mark
                drawn.append(step)
        else:
            drawn.append(_gap([step for _, (step, _) in members]))
    return Sequence(
        subject=subject,
        actors=_columns(drawn, actors),
        steps=tuple(drawn),
        shades=shades_of(history),
        mark=mark,
    )


def shades_of(history: History) -> tuple[Shade, ...]:
    """The faults of a history, to shade them on plots."""
    return tuple(Shade(round(each.start, 6), round(each.end, 6), each.label) for each in history.faults)


_Numbered = tuple[Step, Operation | None]  # a step, and the operation that it belongs to


def _steps(history: History) -> Iterator[_Numbered]:
    """Everything that could be shown, in the order of time."""
    found: list[_Numbered] = [pair for each in history for pair in _of_operation(each)]
    found += [(_of_event(each), None) for each in history.events]
    for fault in history.faults:
        found.append((Note(at=fault.start, actor="", label=f"{fault.label}: begins"), None))
        found.append((Note(at=fault.end, actor="", label=f"{fault.label}: over"), None))
    return iter(sorted(found, key=lambda pair: pair[0].at))


def _of_operation(each: Operation) -> Iterator[_Numbered]:
    label = each.label or each.what
    if each.unasked:
        yield Arrow(at=each.invoked_at, sender=PROGRAM, receiver=each.who, label=label), each
        return
    known = each.outcome is not Outcome.UNKNOWN
    yield Arrow(at=each.invoked_at, sender=each.who, receiver=PROGRAM, label=label, arrived=known), each
    if each.ended_at is None:
        return
    if known:
        answer = each.answer or each.outcome.value
        yield Arrow(at=each.ended_at, sender=PROGRAM, receiver=each.who, label=answer), each
    else:
        yield Note(at=each.ended_at, actor=each.who, label=each.answer or "no answer"), each


def _of_event(event: Event) -> Note:
    return Note(at=event.at, actor=event.who, label=event.label, state=_STATES[event.kind])


def _wanted(around: Operation | Ordered[Operation] | float | None) -> tuple[Operation, ...]:
    if isinstance(around, Operation):
        return (around,)
    return () if around is None or isinstance(around, int | float) else tuple(around)


def _moments(around: Operation | Ordered[Operation] | float | None, history: History) -> list[float]:
    if isinstance(around, int | float):
        return [float(around)]
    ends = [each.invoked_at if each.ended_at is None else each.ended_at for each in _wanted(around)]
    return ends or [history.ended_at]


def _nearest(steps: list[_Numbered], wanted: tuple[Operation, ...], moments: list[float], most: int) -> set[int]:
    """The numbers of the steps to show."""
    pointed = {each.number for each in wanted}

    def distance(number: int) -> tuple[bool, float]:
        step, operation = steps[number]
        return operation is None or operation.number not in pointed, min(abs(step.at - moment) for moment in moments)

    messages = [number for number, (_, operation) in enumerate(steps) if operation is not None]
    events = [number for number, (_, operation) in enumerate(steps) if operation is None]
    shown = {*sorted(messages, key=distance)[:most], *sorted(events, key=distance)[:_EVENTS_MOST]}
    return shown | _alone(len(steps), shown)


def _alone(count: int, shown: set[int]) -> set[int]:
    """Single steps between two that are shown: a gap would take as much room as they do."""
    return {number for number in range(count) if {number - 1, number + 1} <= shown and number not in shown}


def _marked(steps: list[_Numbered], wanted: tuple[Operation, ...], shown: set[int]) -> int | None:
    """The last step of the last operation that is pointed at."""
    if not wanted:
        return None
    own = [n for n in shown if (operation := steps[n][1]) is not None and operation.number == wanted[-1].number]
    return max(own, default=None)


def _gap(hidden: list[Step]) -> Gap:
    arrows = sum(isinstance(each, Arrow) for each in hidden)
    return Gap(at=hidden[0].at, messages=arrows, until=hidden[-1].at)


def _columns(steps: list[Step], actors: Ordered[str]) -> tuple[str, ...]:
    named = dict.fromkeys(actors)
    for step in steps:
        if isinstance(step, Arrow):
            named.update(dict.fromkeys((step.sender, step.receiver)))
        elif isinstance(step, Note) and step.actor:
            named[step.actor] = None
    named.pop(PROGRAM, None)
    return (*named, PROGRAM)
