"""How long a check waits for an answer: by what starting a process costs here and now, and by what the program took to start.

Only failures wait for so long. So the wait is long enough for a busy machine, and no longer: whoever builds the first stages meets it often.
"""

from __future__ import annotations

import math

from climb.judge.calibration import calibrate_start

__all__ = ["UNHURRIED_MS", "patience_s"]

UNHURRIED_MS = 600_000  # for a deadline of the program that must not come before the end of the judge's patience: a report is to show the silence, on every machine

_LEAST_S = 5.0
_STARTS = 5  # as many times as long as the program took to start
_PLAIN_STARTS = 300  # or as many times as long as any process takes to start


async def patience_s(ready_seconds: float | None) -> float:
    """Seconds until an answer is taken to be missing."""
    busy_s = _PLAIN_STARTS * (await calibrate_start()).seconds
    return float(math.ceil(max(_LEAST_S, busy_s, _STARTS * (ready_seconds or 0))))
