"""When the next request of a plan is due, and which it is: drawn one by one, so that a long load takes no more memory than a short one."""

from __future__ import annotations

import bisect
import itertools
import random

from climb.judge.load.http_plan import Arrivals, HttpPlan

__all__ = ["NEVER", "Turns"]

NEVER = 1 << 62
_S = 1_000_000_000


class Turns:
    """When the next request is due, and which it is."""

    def __init__(self, plan: HttpPlan) -> None:
        self.at_ns = NEVER
        self.request = 0
        self._random = random.Random(plan.seed)
        self._even = plan.arrivals is Arrivals.EVEN
        self._mean_ns = _S / plan.rate_per_s if plan.rate_per_s else float(NEVER)
        self._length_ns = plan.seconds * _S
        self._after_ns = 0.0 if self._even else self._random.expovariate(1.0) * self._mean_ns
        self._number = 0
        self._weights = list(itertools.accumulate(request.weight for request in plan.requests))

    def begin(self, started_ns: int) -> None:
        """The first is due."""
        self._started_ns = started_ns
        self.draw()
        self._place()

    def draw(self) -> None:
        """Which request comes next."""
        if len(self._weights) > 1:
            self.request = bisect.bisect_right(self._weights, self._random.random() * self._weights[-1])

    def advance(self) -> None:
        """That one is done; the next."""
        self._number += 1
        if self._even:
            self._after_ns = self._number * self._mean_ns
        else:
            self._after_ns += self._random.expovariate(1.0) * self._mean_ns
        self.draw()
        self._place()

    def _place(self) -> None:
        self.at_ns = self._started_ns + int(self._after_ns) if self._after_ns < self._length_ns else NEVER
