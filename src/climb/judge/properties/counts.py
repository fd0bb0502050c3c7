"""Counters are what was counted for certain, and at most what may have been besides."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from climb.judge.history import History, Operation
from climb.judge.properties.finding import Counterexample, Finding
from climb.judge.properties.states import since_its_ack

__all__ = ["Count", "counts_are_possible"]


@dataclass(frozen=True)
class Count:
    """The value of an operation that counts, such as a click: which counter, and how many it adds."""

    key: Hashable
    weight: int = 1


def counts_are_possible(history: History, counts: Mapping[Any, int], *, where: str) -> Finding:
    """Each counter is between what was acknowledged and that plus what may have happened; one that is not in ``counts`` is 0."""
    counted: dict[Any, list[Operation]] = {}
    for each in history:
        if isinstance(each.value, Count):
            counted.setdefault(each.value.key, []).append(each)
    against = []
    for key, operations in counted.items():
        mine, number = History(tuple(operations)), counts.get(key, 0)
        least = sum(each.value.weight for each in mine.ok)
        most = least + sum(each.value.weight for each in mine.unknown)
        if not least <= number <= most:
            against.append(_against(key, mine, number, (least, most), history))
    return Finding(f"what was acknowledged is counted once, as {where} shows", tuple(against))


def _against(key: Any, mine: History, number: int, bounds: tuple[int, int], history: History) -> Counterexample:
    least, most = bounds
    expected = f"{key}: {least:,}" if least == most else f"{key}: {least:,} to {most:,}"
    wrong = f"{least - number:,} lost" if number < least else f"{number - most:,} too many"
    shown = (mine.ok.operations or mine.operations)[-1:]
    last = f", the last one {since_its_ack(shown[0], history)}" if number < least else ""
    return Counterexample(expected, f"{key}: {number:,}, {wrong}{last}", shown)
