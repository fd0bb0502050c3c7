"""What the judge and the process that sends tell each other: a plan on its standard input, progress and results on its output."""

from __future__ import annotations

import msgspec

__all__ = ["Ended", "Plan", "Ready", "Sample", "Sent"]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to send: one file a connection, each at a rate or as fast as it is taken; what comes back goes to another file each."""

    host: str
    port: int
    blocks: tuple[str, ...]
    answers: tuple[str, ...]
    bytes_per_s: float | None
    parent: int


class Ready(msgspec.Struct, frozen=True, tag=True):
    """All connections are there, or have failed; a byte on standard input begins the sending, its end stops it."""


class Sample(msgspec.Struct, frozen=True, tag=True):
    """How far all connections together were at a (monotonic) time: bytes or requests sent, and bytes or answers that came back."""

    at: float
    sent: int
    received: int


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """How one connection went. ``arrivals`` are pairs: a time, and how many bytes had come back by then."""

    sent: int
    ended: str  # "done", "stopped", "closed" (by the program, too early), "reset", or why there was no connection
    last_sent_at: float
    arrivals: tuple[tuple[float, int], ...]


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The result of a plan."""

    started: float
    ended: float
    idle_s: float  # in which processors had nothing to do between the two, all processors together
    connections: tuple[Sent, ...]
