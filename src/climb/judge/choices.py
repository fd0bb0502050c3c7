"""The randomness of a check, as a list of small decisions that can be replayed and shrunk.

Everything random in a check is drawn here, each draw a number between 0 and some bound. The list of the numbers drawn *is* the
input: the same list gives the same input again, and a shorter or smaller list gives a simpler one. That is the idea of
Hypothesis' engine (MacIver and Donaldson, "Test-Case Reduction via Test-Case Generation", ECOOP 2020); here it is applied to
programs that are run from outside, at a run a second rather than thousands, so the machinery stays small.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

__all__ = ["Choices"]

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Choices:
    """Draws from a seed, or from a recorded list; past the list's end every draw is the simplest one.

    Authors arrange their draws so that smaller numbers mean simpler inputs.
    """

    def __init__(self, seed: str, *, forced: Sequence[int] | None = None) -> None:
        self.seed = seed
        self.drawn: list[int] = []
        self.lists: list[
            list[tuple[int, int]]
        ] = []  # of each list which draws made its elements: from, up to and without
        self._forced = forced
        self._random = random.Random(seed)

    def __repr__(self) -> str:
        return f"Choices({self.seed!r}, drawn={len(self.drawn)})"

    def below(self, bound: int) -> int:
        """A number from 0 up to and without ``bound``; every other draw is made of this one."""
        if bound < 1:
            raise ValueError(f"nothing to draw from: bound {bound}")
        value = self._next(bound)
        self.drawn.append(value)
        return value

    def integer(self, low: int, high: int) -> int:
        """A number from ``low`` to ``high``, both included."""
        return low + self.below(high - low + 1)

    def choice(self, options: Sequence[T]) -> T:
        """One of ``options``; the first is the simplest."""
        return options[self.below(len(options))]

    def sample(self, options: Sequence[T], count: int) -> list[T]:
        """``count`` different members of ``options``, in random order."""
        left = list(options)
        return [left.pop(self.below(len(left))) for _ in range(count)]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """All of ``options`` in random order; the simplest order is the given one."""
        return self.sample(options, len(options))

    def flag(self) -> bool:
        """True or false; false is the simpler one."""
        return bool(self.below(2))

    def some(self, one: Callable[[], T], *, at_most: int, at_least: int = 0, usually: int = 3) -> list[T]:
        """Elements, each made by ``one``: ``at_least`` to ``at_most``, about ``usually`` beyond the least; fewer are simpler.

        Whether there is another one is drawn before each and after the last, also where it is certain: so leaving out an element's
        draws leaves out the element, and what follows keeps its place.
        """
        made: list[T] = []
        spans: list[tuple[int, int]] = []
        self.lists.append(spans)
        while True:
            begin = len(self.drawn)
            certain = len(made) < at_least or len(made) == at_most
            another = self.below(1 if certain else usually + 1)
            if len(made) == at_most or (len(made) >= at_least and not another):
                return made
            made.append(one())
            spans.append((begin, len(self.drawn)))

    def source(self) -> random.Random:
        """Randomness for what is too much to be drawn number by number; the whole of it is one draw."""
        return random.Random(self.below(1 << 16))

    def word(self, low: int = 4, high: int = 10) -> str:
        """Lower-case ASCII letters, ``low`` to ``high`` of them."""
        return "".join(self.choice(_LETTERS) for _ in range(self.integer(low, high)))

    def _next(self, bound: int) -> int:
        if self._forced is None:
            return self._random.randrange(bound)
        position = len(self.drawn)
        return min(self._forced[position], bound - 1) if position < len(self._forced) else 0
