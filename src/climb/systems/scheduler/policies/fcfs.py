"""First come, first served."""

from __future__ import annotations

from climb.systems.scheduler.policies.in_line import InLine

__all__ = ["FirstComeFirstServed"]


class FirstComeFirstServed(InLine):
    """Nothing but the line."""

    rule = "The task that has been ready longest runs until its burst ends."
