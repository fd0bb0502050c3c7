"""An alarm for an event loop that rings at a microsecond, not at a millisecond.

Timers of uvloop, and of every loop above epoll_wait(2), have a resolution of a millisecond. A timer descriptor of the kernel has
that of its clock (timerfd_create(2)), and is one more descriptor to wait for: no core spins meanwhile.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
import time
from collections.abc import Callable

__all__ = ["Alarm"]

_CLOCK_MONOTONIC = 1
_TFD_TIMER_ABSTIME = 1
_NONBLOCK_CLOEXEC = os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0)
_S = 1_000_000_000


class Alarm:
    """Calls ``ring`` once at the time that was set last, with that time. Where the kernel has no such timers, up to two milliseconds late."""

    def __init__(self, ring: Callable[[int], object]) -> None:
        self.at_ns = 0  # for which it is set; 0 when it is off
        self._ring = ring
        self._loop = asyncio.get_running_loop()
        self._handle: asyncio.TimerHandle | None = None
        self._descriptor = -1
        if sys.platform == "linux":
            libc = ctypes.CDLL(None, use_errno=True)
            self._descriptor = libc.timerfd_create(_CLOCK_MONOTONIC, _NONBLOCK_CLOEXEC)
            self._settime = libc.timerfd_settime
            self._when = (ctypes.c_long * 4)()  # struct itimerspec: interval and value, each in seconds and nanoseconds
        if self._descriptor >= 0:
            self._loop.add_reader(self._descriptor, self._rung)

    def set(self, at_ns: int) -> None:
        """Ring at this time of the monotonic clock, and not at the one that was set before; at once if it has passed."""
        self.at_ns = at_ns
        if self._descriptor >= 0:
            self._when[2], self._when[3] = divmod(at_ns, _S)
            # Setting it also takes back an expiry that nobody has read.
            self._settime(self._descriptor, _TFD_TIMER_ABSTIME, self._when, None)
            return
        if self._handle is not None:
            self._handle.cancel()
        self._handle = self._loop.call_later((at_ns - time.monotonic_ns()) / _S, self._rung) if at_ns else None

    def off(self) -> None:
        """Do not ring."""
        self.set(0)

    def close(self) -> None:
        """It never rings again."""
        self.off()
        if self._descriptor >= 0:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1

    def _rung(self) -> None:
        at_ns, self.at_ns = self.at_ns, 0
        self._ring(at_ns)
        if not self.at_ns:
            self.off()
