"""A reading as a sensor sends it."""

from __future__ import annotations

import msgspec

__all__ = ["Reading"]


class Reading(msgspec.Struct, frozen=True):
    """What a sensor measured, when, and the number that it gave to it."""

    sensor: str
    seq: int
    ts: int
    value: float

    def line(self) -> bytes:
        """The reading as a line of the protocol, in its plainest form."""
        return msgspec.json.encode(self) + b"\n"

    def __str__(self) -> str:
        return f"{self.sensor} seq {self.seq}, ts {self.ts}, value {self.value:.17g}"
