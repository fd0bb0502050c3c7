"""What the judge and the process that floods tell each other."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["FloodEnded", "FloodFarewell", "FloodOrder"]


class FloodOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One request, over and over, on each of so many connections; with ``returns`` they come back when they are ended."""

    host: str
    port: int
    data: bytes
    connections: int
    returns: bool
    parent: int


class FloodFarewell(msgspec.Struct, frozen=True, kw_only=True):
    """How the program ended one connection, after how many seconds of it, and the status of its last answer, if that can be seen."""

    after_s: float
    how: Literal["closed", "reset"]
    status: int | None


class FloodEnded(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What became of it."""

    connected: int
    refused: dict[str, int]
    farewells: tuple[FloodFarewell, ...]
    sent_bytes: int
    received_bytes: int
