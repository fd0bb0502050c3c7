"""What things are at the end, after writes of which some were acknowledged, some refused, and of some nothing is known."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from climb.judge.history import History, Operation, Outcome
from climb.judge.properties.finding import Counterexample, Finding

__all__ = ["ABSENT", "Write", "possible_states", "since_its_ack", "states_are_possible"]

ABSENT = None  # the state of what was never made, or was deleted


@dataclass(frozen=True)
class Write:
    """The value of an operation that gives a thing a state: which thing, and the state (None: it is deleted)."""

    key: Hashable
    state: Any


def states_are_possible(history: History, found: Mapping[Any, Any], *, where: str) -> Finding:
    """Each thing that was written is in a state that its writes allow; what is not in ``found`` is absent. ``where`` says what shows them.

    The acknowledged stays; what was deleted stays away; a write of which nothing is known may have happened or not. Of writes that
    overlapped either may have been the last.
    """
    written: dict[Any, list[Operation]] = {}
    for each in history:
        if isinstance(each.value, Write):
            written.setdefault(each.value.key, []).append(each)
    against = [
        _against(key, writes, found.get(key, ABSENT), history)
        for key, writes in written.items()
        if found.get(key, ABSENT) not in possible_states(writes)
    ]
    against.sort(key=lambda each: each.operations[-1].ended_at or each.operations[-1].invoked_at)
    return Finding(f"what was acknowledged holds, as {where} shows", tuple(against))


def possible_states(writes: list[Operation]) -> list[Any]:
    """The states that a thing may have after these writes to it."""
    sure = [each for each in writes if each.outcome is Outcome.OK]
    last = [each for each in sure if not any(each.before(other) for other in sure)]
    doubtful = [each for each in writes if each.outcome is Outcome.UNKNOWN]
    states = [each.value.state for each in (*last, *doubtful)]
    return states if sure else [ABSENT, *states]


def since_its_ack(operation: Operation, history: History) -> str:
    """When it was acknowledged, and how long before the next kill."""
    at = operation.ended_at
    if at is None:
        return "never acknowledged"
    kills = [event for event in history.events if event.kind == "killed" and event.at >= at]
    first = min(kills, key=lambda event: event.at, default=None)
    told = f"acknowledged at {at:.3f} s"
    return (
        f"{told}, {(first.at - at) * 1000:.1f} ms before the {first.who} was killed"
        if first
        else f"{told}, after the last kill"
    )


def _against(key: Any, writes: list[Operation], state: Any, history: History) -> Counterexample:
    expected = f"{key}: " + " or ".join(dict.fromkeys(_in_words(each) for each in possible_states(writes)))
    sure = [each for each in writes if each.outcome is Outcome.OK]
    if not sure:
        return Counterexample(expected, f"{key}: {_in_words(state)}, which nobody asked for", tuple(writes[-1:]))
    last = max(sure, key=lambda each: each.ended_at or 0.0)
    label = last.label or last.what
    return Counterexample(expected, f"{key}: {_is_now(last, state)} ({label}, {since_its_ack(last, history)})", (last,))


def _in_words(state: Any) -> str:
    return "not there" if state is ABSENT else str(state)


def _is_now(last: Operation, state: Any) -> str:
    if state is ABSENT:
        return "lost"
    return "there again" if last.value.state is ABSENT else str(state)
