"""Waiting for a moment of the check's own clock, and telling when the judge came too late to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from climb.judge.expect import CannotTell

__all__ = ["in_time", "until"]


async def until(now: Callable[[], float], moment_s: float) -> None:
    """Wait until the clock says so."""
    await asyncio.sleep(max(moment_s - now(), 0))


def in_time(now: Callable[[], float], moment_s: float) -> None:
    """Raise CannotTell if the clock is past this moment: what had to come before it came too late by the judge's own fault."""
    if (late := now() - moment_s) > 0:
        raise CannotTell(f"the machine was too busy: what had to happen in time happened {late:.1f} s late")
