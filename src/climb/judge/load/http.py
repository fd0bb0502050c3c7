"""Load over HTTP: prepared requests over connections that stay open, at a rate or as fast as they are answered.

plan = HttpPlan(requests=(HttpRequest(data=request, name="healthz"),), rate_per_s=2000, seconds=5)
async with instance.http_load("PORT", plan) as load:
    loaded = await load.finished(timeout_s=60)

Requests that can't leave when it is their time wait, and their latency counts the wait (``HttpPlan``, ``HttpLoaded``).
"""

from __future__ import annotations

import os

from climb.judge.load.http_plan import Arrivals, HttpEnded, HttpOrder, HttpPlan, HttpRequest, SlowAnswer
from climb.judge.load.http_result import Answers, HttpLoaded, Slice, loaded
from climb.judge.load.process import LoadProcess

__all__ = ["Answers", "Arrivals", "HttpLoad", "HttpLoaded", "HttpPlan", "HttpRequest", "Slice", "SlowAnswer"]


class HttpLoad(LoadProcess[HttpEnded, HttpLoaded]):
    """Requests as a plan has them; ``sent`` and ``received`` count requests and answers."""

    def __init__(self, address: tuple[str, int], plan: HttpPlan, *, opened_at: float) -> None:
        self.plan = plan
        order = HttpOrder(host=address[0], port=address[1], plan=plan, parent=os.getpid())
        super().__init__("climb.judge.load.http_sender", order, HttpEnded, opened_at=opened_at)

    def _loaded(self, ended: HttpEnded) -> HttpLoaded:
        return loaded(self.plan, ended, self.progress, self._opened_at)
