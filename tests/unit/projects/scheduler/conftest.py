"""Workloads and timelines in one line each, for tests of the scheduler's rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from climb.projects.scheduler.rules import Finding, Piece, Timeline, find_broken
from climb.projects.scheduler.workload import Options, Task, Workload


def _tasks(text: str, **fields: dict[str, Any]) -> tuple[Task, ...]:
    """``"A@0:3 B@1:2,4,1"``: names, arrivals and bursts; further fields by name."""
    made = []
    for word in text.split():
        name, _, rest = word.partition("@")
        arrival, _, bursts = rest.partition(":")
        made.append(
            Task(id=name, arrival=int(arrival), bursts=tuple(map(int, bursts.split(","))), **fields.get(name, {}))
        )
    return tuple(made)


def _workload(text: str, *, machine: dict[str, Any] | None = None, **fields: dict[str, Any]) -> Workload:
    """A workload of such tasks on such a machine."""
    return Workload(tasks=_tasks(text, **fields), **(machine or {}))


def _drawn(*processors: str) -> Timeline:
    """``"A0-3 B3-5"`` for each processor."""
    pieces = []
    for cpu, text in enumerate(processors):
        for word in text.split():
            name, span = word[0], word[1:]
            start, _, end = span.partition("-")
            pieces.append(Piece(cpu, name, int(start), int(end)))
    return Timeline(pieces, len(processors))


def _found(given: Workload, options: Options, timeline: Timeline) -> Finding | None:
    """What is broken in ``timeline``."""
    broken = find_broken(given, options, timeline)
    return None if broken is None else broken[0]


class ByHand(NamedTuple):
    """What tests need to write a case by hand."""

    workload: Callable[..., Workload]
    drawn: Callable[..., Timeline]
    found: Callable[[Workload, Options, Timeline], Finding | None]


@pytest.fixture
def by_hand() -> ByHand:
    """``by_hand.workload("A@0:3 B@1:2,4,1", machine=…, A=…)``, ``by_hand.drawn("A0-3 B3-5")``, ``by_hand.found(…)``."""
    return ByHand(_workload, _drawn, _found)
