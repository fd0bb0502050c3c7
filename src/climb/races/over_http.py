"""Load over HTTP as a heat: beside a client that looks at whole answers, with every request answered, and with a word on who limited it.

The process that sends the load looks at statuses alone, so the client beside it is what a program that is fast because it answers
something else stumbles over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from climb.judge.drivers.service import Instance
from climb.judge.expect import CannotTell, expect
from climb.judge.load import HttpLoaded, HttpPlan
from climb.judge.together import done_meanwhile
from climb.races.race import Field, Working

__all__ = ["Beside", "asked_too_slowly", "loaded", "repeated"]

_AROUND_S = 20.0  # for starting and ending a load
_PAUSE_S = 0.1
_WHOLE = 0.9  # of a processor: a client that is hardly ever without work is asked for more than it can

Beside = Callable[[asyncio.Event], Coroutine[Any, Any, None]]


async def loaded(
    field: Field, instance: Instance, plan: HttpPlan, *, status: int, beside: Beside, parts: tuple[Working, ...] = ()
) -> HttpLoaded:
    """Run a load, every request of which must be answered with ``status``.

    ``beside`` asks and compares meanwhile, until its event is set. ``parts`` are what the instance stands on.
    """
    over = asyncio.Event()
    async with done_meanwhile(beside(over)):
        with field.measured(instance, *parts):
            async with instance.http_load("PORT", plan) as load:
                found = await load.finished(timeout_s=plan.seconds + plan.patience_s + _AROUND_S)
        over.set()
    if found is None:
        raise CannotTell("the load did not end in its time")
    _demand_answers(found, status)
    return found


async def repeated(ask: Callable[[], Coroutine[Any, Any, None]], over: asyncio.Event) -> None:
    """Ask, wait a little, and ask again, until it is over; what was begun is brought to its end."""
    while not over.is_set():
        await ask()
        await asyncio.sleep(_PAUSE_S)


def asked_too_slowly(found: HttpLoaded) -> str:
    """Why a rate may be the judge's own; empty if it had processor time left. Waiting for a processor is no limit of its own."""
    share = found.cpu_s / found.seconds
    return (
        f"the judge used {share:.0%} of a processor to ask, and may be what limits the faster side"
        if share > _WHOLE
        else ""
    )


def _demand_answers(found: HttpLoaded, status: int) -> None:
    came = {
        "answers by status": found.by_status,
        "lost": sum(found.errors.values()),
        "without an answer": found.unanswered + found.unsent,
    }
    expect(came, "what came of the requests of a heat").equals(
        {"answers by status": {status: found.sent}, "lost": 0, "without an answer": 0},
        why=f"A heat counts only if every request is answered with {status}; one that is lost costs a server nothing.",
        saw=", ".join(found.errors) or None,
    )
