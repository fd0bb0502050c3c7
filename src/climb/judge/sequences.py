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
    """The numbers of the steps to show: whole operations, and events."""
    own: dict[int, list[int]] = {}
    for number, (_, operation) in enumerate(steps):
        if operation is not None:
            own.setdefault(operation.number, []).append(number)
    retries = _retries(steps)
    telling = [each for each in wanted if each.number not in retries] or wanted
    pointed = [each.number for each in telling[-max(most // 4, 1) :]]
    near = [steps[number][0].at for each in pointed for number in own.get(each, ())] or moments

    def distance(number: int) -> float:
        return min(abs(steps[number][0].at - moment) for moment in near)

    others = sorted(own.keys() - set(pointed), key=lambda each: (each in retries, min(map(distance, own[each]))))
    shown = {number for each in pointed for number in own.get(each, ())}
    for each in others:
        if len(shown) >= most:
            break
        shown.update(own[each])
    events = [number for number, (_, operation) in enumerate(steps) if operation is None]
    shown.update(sorted(events, key=distance)[:_EVENTS_MOST])
    shown |= _needed(steps, shown)
    return shown | _alone(len(steps), shown)


def _retries(steps: list[_Numbered]) -> set[int]:
    """Operations without an answer between two others of the same client without one: they tell nothing new."""
    mine: dict[str, list[Operation]] = {}
    for operation in {each.number: each for _, each in steps if each is not None}.values():
        mine.setdefault(operation.who, []).append(operation)
    found: set[int] = set()
    for own in mine.values():
        own.sort(key=lambda each: (each.invoked_at, each.number))
        for before, each, after in zip(own, own[1:], own[2:], strict=False):
            if {before.outcome, each.outcome, after.outcome} == {Outcome.UNKNOWN}:
                found.add(each.number)
    return found


def _needed(steps: list[_Numbered], shown: set[int]) -> set[int]:
    """Notes between steps that are shown without which an actor would be drawn as what it no longer was."""
    needed: set[int] = set()
    hidden: dict[str, tuple[int, State]] = {}
    drawn: dict[str, State] = {}
    for number, (step, _) in enumerate(steps):
        if number in shown:
            needed |= {at for actor, (at, state) in hidden.items() if drawn.get(actor, "running") != state}
            drawn |= {actor: state for actor, (_, state) in hidden.items()}
            hidden = {}
        if isinstance(step, Note) and step.state is not None:
            if number in shown:
                drawn[step.actor] = step.state
            else:
                hidden[step.actor] = number, step.state
    return needed


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
