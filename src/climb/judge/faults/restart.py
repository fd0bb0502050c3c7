"""The program is killed and started again at once: a crash with a supervisor that restarts it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from climb.judge.faults.fault import Fault, Place

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws

__all__ = ["Restart"]

_LONGEST_MS = 500


@dataclass(frozen=True, eq=False)
class Restart(Fault):
    """SIGKILL, ``down_ms`` of nothing, and a start. It heals itself: when ``inject`` returns, the program runs again."""

    down_ms: int = 0
    name: ClassVar[str] = "restart"

    @property
    def label(self) -> str:
        """That, and how long it was down on purpose."""
        return f"killed and restarted after {self.down_ms} ms" if self.down_ms else "killed and restarted"

    async def inject(self, place: Place) -> None:
        """Kill, wait, start."""
        await place.kill()
        await asyncio.sleep(self.down_ms / 1000)
        await place.start_again()

    async def heal(self, place: Place) -> None:
        """Start it, if that was interrupted."""
        await place.start_again()

    @classmethod
    def drawn(cls, draw: Draws) -> Self:
        """Down for up to half a second."""
        return cls(draw.integer(0, _LONGEST_MS))
