"""How often a link was followed, as soon as the service says so."""

from __future__ import annotations

import asyncio

from climb.judge.drivers.connection import ConnectionLost, TimedOut
from climb.projects.links.driver import Running, link_in

__all__ = ["clicks_reach"]

_POLL_S = 0.1


async def clicks_reach(running: Running, code: str, least: int, *, within_s: float, instance: int = 0) -> int:
    """The clicks of a link as soon as they are so many, or when the time is over; 0 if nothing could be read."""
    deadline, found = running.now() + within_s, 0
    while found < least:
        try:
            answer = await running.ask("GET", f"/v1/links/{code}", instance=instance, status=None)
            found = link_in(answer).clicks if answer.status == 200 else found
        except (ConnectionLost, TimedOut):
            pass
        if running.now() >= deadline:
            break
        await asyncio.sleep(_POLL_S if found < least else 0)
    return found
