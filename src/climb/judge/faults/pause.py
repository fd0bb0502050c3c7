"""The program stands still: a debugger, a laptop that sleeps, a machine that swaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from climb.judge.faults.fault import Fault, Place

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws

__all__ = ["Pause"]


@dataclass(frozen=True, eq=False)
class Pause(Fault):
    """SIGSTOP; healing is SIGCONT. The kernel goes on accepting connections and bytes for it, as far as its buffers reach."""

    name: ClassVar[str] = "pause"

    @property
    def label(self) -> str:
        """Always the same."""
        return "paused"

    async def inject(self, place: Place) -> None:
        """Stop all its processes."""
        if place.program is not None:
            place.program.pause()
            place.note("paused", "paused")

    async def heal(self, place: Place) -> None:
        """Let them go on; if the program is dead by now, there is nothing to heal."""
        if place.program is not None:
            place.program.resume()
            place.note("resumed", "goes on")

    @classmethod
    def drawn(cls, draw: Draws) -> Self:  # noqa: ARG003 - there is nothing to choose
        """There is one kind."""
        return cls()
