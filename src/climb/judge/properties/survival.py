"""What was acknowledged is still there."""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable
from typing import Any

from climb.judge.history import History, Operation
from climb.judge.properties.finding import Counterexample, Finding

__all__ = ["acknowledged_survive"]


def acknowledged_survive(
    history: History,
    found: Container[Hashable],
    *,
    what: str,
    key: Callable[[Operation], Any] = lambda each: each.value,
) -> Finding:
    """The key of each ``what`` that the program said yes to is among what was ``found`` afterwards."""
    lost = [each for each in history.of(what).ok if key(each) not in found]
    return Finding(
        "what was acknowledged survives",
        tuple(
            Counterexample(f"{key(each)}, acknowledged at {each.ended_at:.3f} s", "it is not there", (each,))
            for each in lost
        ),
    )
