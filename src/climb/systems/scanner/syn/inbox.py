"""Where answers arrive: what ``ring.Ring`` and ``mailbox.Mailbox`` have in common."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Inbox"]


class Inbox(Protocol):
    """Packets that passed the filter, oldest first, to be read as columns. They start at the IP header."""

    def wait(self, seconds: float) -> None:
        """Return when a packet is there, or after this time."""

    def ready(self) -> int:
        """Return how many packets can be read now; they stay until ``release``."""

    def column(self, offset: int, count: int) -> bytes:
        """Return one byte of each of the next ``count`` packets."""

    def columns(self, offset: int, width: int, count: int) -> bytes:
        """Return ``width`` bytes of each of the next ``count`` packets, one packet after the other."""

    def packet(self, number: int) -> bytes:
        """Return the kept bytes of one of the packets that are ready."""

    def received_at(self, number: int) -> float:
        """Return when the kernel took this packet in, on the clock of ``time.time``."""

    def release(self, count: int) -> None:
        """Forget the first ``count`` packets."""
