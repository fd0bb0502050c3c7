"""When to ask a part that may be dead: a circuit breaker, without a clock of its own.

Closed: ask. After ``failures`` in a row it opens: nobody asks for ``wait_s``. Then one trial is due; its success closes the breaker,
its failure opens it for twice as long as before, up to ``longest_s``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["Breaker", "State"]


class State(Enum):
    """What the breaker lets through."""

    CLOSED = "closed"
    """everything"""
    OPEN = "open"
    """nothing"""
    TRIAL = "trial"
    """one, to see how it goes"""


@dataclass
class Breaker:
    """The state of one part, as told by those who asked it; ``now_s`` is any clock that does not go back."""

    failures: int = 1
    wait_s: float = 0.25
    longest_s: float = 2.0

    def __post_init__(self) -> None:
        self._in_a_row = 0
        self._opened = 0
        self._until_s = 0.0
        self._on_trial = False

    def state(self, now_s: float) -> State:
        """What is let through now."""
        if not self._opened:
            return State.CLOSED
        return State.OPEN if self._on_trial or now_s < self._until_s else State.TRIAL

    def begin_trial(self) -> None:
        """One goes; nobody else does until it is known how that went."""
        self._on_trial = True

    def succeeded(self) -> None:
        """The part has answered. A late answer from before it opened does not close it; a trial's does."""
        if not self._opened or self._on_trial:
            self._in_a_row = self._opened = 0
            self._on_trial = False

    def failed(self, now_s: float) -> None:
        """The part has not answered. Of many who fail at the same moment, the first counts once it is open."""
        self._in_a_row += 1
        if self._on_trial or (not self._opened and self._in_a_row >= self.failures):
            self._on_trial = False
            self._until_s = now_s + min(self.wait_s * 2**self._opened, self.longest_s)
            self._opened += 1
