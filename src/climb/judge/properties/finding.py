"""What looking at a history found: whether a claim holds, and if not, which operations show it."""

from __future__ import annotations

from dataclasses import dataclass

from climb.judge.history import Operation

__all__ = ["Counterexample", "Finding"]


@dataclass(frozen=True)
class Counterexample:
    """What should have been, what was, and the operations that show it, the decisive one last."""

    expected: str
    received: str
    operations: tuple[Operation, ...] = ()


@dataclass(frozen=True)
class Finding:
    """A claim about a history, and what speaks against it, the first counterexample first."""

    claim: str
    counterexamples: tuple[Counterexample, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.counterexamples
