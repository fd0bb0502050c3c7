"""``fcfs``: first come, first served. All that it needs is what every policy has: the ready order."""

from __future__ import annotations

from climb.projects.scheduler.rules.policy import Policy

__all__ = ["FirstCome"]


class FirstCome(Policy):
    """The ready order decides."""
