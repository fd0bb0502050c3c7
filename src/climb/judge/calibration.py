"""How fast this machine is right now, at the thing that is about to be judged.

A stage never compares a time with a number of ours. It compares it with what a plain program does on the same machine in the same
minute, so that a slow laptop and a busy CI worker get the same verdict as a fast desktop.
"""

from __future__ import annotations

import asyncio
import socket
import statistics
import time

import msgspec

__all__ = ["Calibration", "calibrate_connects"]

_BATCHES = 7
_CONNECTS = 400


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """The cost of one operation in seconds: the median of several batches, and their spread (largest by smallest)."""

    what: str
    seconds: float
    spread: float

    def __str__(self) -> str:
        return f"{self.what}: {self.seconds * 1e6:.0f} µs (median of {_BATCHES} batches, spread {self.spread:.1f}×)"


async def calibrate_connects(address: str, port: int) -> Calibration:
    """What one connect to a port that refuses costs a plain loop of blocking sockets in Python, here and now."""
    batches = [await asyncio.to_thread(_batch, address, port) for _ in range(_BATCHES)]
    return Calibration(
        what="one refused connect on this machine",
        seconds=statistics.median(batches),
        spread=max(batches) / min(batches),
    )


def _batch(address: str, port: int) -> float:
    started = time.perf_counter()
    for _ in range(_CONNECTS):
        with socket.socket() as probe:
            probe.connect_ex((address, port))
    return (time.perf_counter() - started) / _CONNECTS
