"""Nothing is counted twice, and nothing that was confirmed is left out."""

from __future__ import annotations

from collections.abc import Callable

from climb.judge.history import History, Operation
from climb.judge.properties.finding import Counterexample, Finding

__all__ = ["total_is_possible"]


def total_is_possible(
    history: History, total: float, *, what: str, weight: Callable[[Operation], float] = lambda _: 1
) -> Finding:
    """The total lies between the sum of all ``what`` that happened for certain, and that plus all that may have happened.

    Weights are not negative.
    """
    asked = history.of(what)
    least = sum(map(weight, asked.ok))
    most = least + sum(map(weight, asked.unknown))
    claim = f"the total of all {what} is possible"
    if least <= total <= most:
        return Finding(claim)
    expected = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    doubtful = tuple(asked.unknown if total > most else asked.ok)
    return Finding(claim, (Counterexample(expected, f"{total:,}", doubtful[-1:]),))
