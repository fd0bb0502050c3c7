"""The randomness that a world needs, as the few draws it makes.

A run records its draws and replays smaller ones to shrink a failing case. So the smallest draw must give the simplest world, and
a draw that can't be used as it is (a port that somebody holds) must move as little as possible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

T = TypeVar("T")

__all__ = ["Draws"]


class Draws(Protocol):
    """Where every random decision of a check comes from."""

    def integer(self, low: int, high: int, /) -> int:
        """A number from ``low`` to ``high``, both included."""

    def choice(self, options: Sequence[T], /) -> T:
        """One of ``options``; the first is the simplest."""

    def sample(self, options: Sequence[T], count: int, /) -> list[T]:
        """``count`` different members of ``options``, in random order."""

    def flag(self) -> bool:
        """True or false; false is the simpler one."""

    def word(self, low: int = 4, high: int = 10) -> str:
        """Lower-case ASCII letters, ``low`` to ``high`` of them."""

    def some(self, one: Callable[[], T], *, at_most: int, at_least: int = 0, usually: int = 3) -> list[T]:
        """Elements, each made by ``one``; fewer are simpler."""

    def source(self) -> random.Random:
        """Randomness for what is too much to be drawn number by number; the whole of it is one draw."""
