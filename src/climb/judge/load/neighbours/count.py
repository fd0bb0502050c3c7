"""What became of a neighbour's connections, counted while it happens."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Count", "Farewell"]


@dataclass(frozen=True)
class Farewell:
    """How the program ended one connection: after how many seconds of it, and with which status, if it sent one."""

    after_s: float
    how: Literal["closed", "reset"]
    status: int | None


@dataclass
class Count:
    """One neighbour's connections so far. Who was ended comes back, so there may be more than it keeps at a time."""

    name: str
    label: str
    connected: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    ended: list[Farewell] = field(default_factory=list)
    sent_bytes: int = 0
    received_bytes: int = 0

    @property
    def open(self) -> int:
        """Connections that the program has taken and not ended."""
        return self.connected - len(self.ended)

    @property
    def statuses(self) -> dict[int, int]:
        """How often the last answer before the end had which status."""
        return dict(Counter(each.status for each in self.ended if each.status is not None))

    def row(self) -> tuple[str, ...]:
        """One row of ``Neighbours.table``."""
        refused = sum(self.refused.values())
        after = [each.after_s for each in self.ended]
        return (
            self.label,
            f"{self.connected:,}",
            f"{refused:,}" + (f" ({', '.join(sorted(self.refused))})" if refused else ""),
            f"{len(after):,}" + (f", after {statistics.median(after):.2g} s (median)" if after else ""),
            f"{self.open:,}",
        )
