"""The two promises a scan makes to the machine and the network: how fast, and how much at once."""

from __future__ import annotations

import os

__all__ = ["Slots", "TokenBucket", "descriptors_left"]

BURST_S = 0.01  # sleeping is only exact to a millisecond or so; what was slept through may be caught up with


class TokenBucket:
    """Lets connections start at *rate* a second, spread evenly: in no second are there more.

    A full bucket plus one second of refill must not exceed the rate, so the refill gives way to the burst.
    The hundredth held back covers the rounding of the clock.
    """

    def __init__(self, rate: float, now: float) -> None:
        whole = float(int(rate)) if rate >= 1 else rate
        self._burst = max(1.0, whole * BURST_S)
        self._refill = (whole + 1.0 - self._burst) * 0.99
        self._tokens = self._burst
        self._at = now

    def take(self, now: float) -> bool:
        """Whether a connection may start now; if so, it counts as started."""
        if now > self._at:
            self._tokens = min(self._burst, self._tokens + (now - self._at) * self._refill)
            self._at = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    def wait_s(self, now: float) -> float:
        """How long until ``take`` may succeed."""
        missing = 1.0 - self._tokens
        return max(0.0, missing / self._refill - (now - self._at))


class Slots:
    """At most *limit* connections at once, fewer while the system is short of descriptors or local ports.

    After a shortage the scan goes on with what it has open, and tries for the full number again after a while:
    another program may have given something back.
    """

    PATIENCE_S = 1.0

    def __init__(self, limit: int) -> None:
        self._full = max(1, limit)
        self._limit = self._full
        self._again_at = 0.0
        self.used = 0

    @property
    def limit(self) -> int:
        return self._limit

    def free(self, now: float) -> bool:
        """Whether one more connection may be opened."""
        if self._limit < self._full and now >= self._again_at:
            self._limit = self._full
        return self.used < self._limit

    def shortage(self, now: float) -> None:
        """The system refused one more: the ones that are open are the limit for now."""
        self._limit = self.used
        # With nothing open there is nothing to wait for but other programs: look again soon.
        self._again_at = now + (self.PATIENCE_S if self.used else 0.05)

    def wait_s(self, now: float) -> float | None:
        """How long until a lowered limit is lifted; None if it isn't lowered."""
        return max(0.0, self._again_at - now) if self._limit < self._full else None


def descriptors_left(reserve: int) -> int | None:
    """How many descriptors this process may still open, *reserve* kept back; None where that can't be known."""
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return None
    try:
        used = len(os.listdir("/dev/fd")) - 1  # noqa: PTH208 - pathlib is not loaded; the listing itself opens one
    except OSError:
        return None
    return max(1, soft - used - reserve)
