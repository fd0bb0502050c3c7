"""How long a check waits for an answer: long for a program that has ever answered, short for one that has not.

Only failures wait for so long. A program that does not acknowledge yet, such as everybody's first, fails many checks in the same way, and
whoever builds it waits for all of them. So after a check that ended without a single ack the next ones wait a part of the time, until the first ack.
"""

from __future__ import annotations

__all__ = ["Patience"]

_PART = 0.25


class Patience:
    """``full_s`` is what this machine needs at most; ``seconds`` is how long to wait now."""

    _silent = False  # of the program that was judged last, in whatever check

    def __init__(self, full_s: float) -> None:
        self.full_s = full_s

    @property
    def seconds(self) -> float:
        return self.full_s * _PART if Patience._silent else self.full_s

    def note_silence(self) -> None:
        """A check ends without any ack."""
        Patience._silent = True

    def note_answer(self) -> None:
        """There is an ack."""
        Patience._silent = False
