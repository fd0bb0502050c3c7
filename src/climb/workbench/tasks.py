"""What the workbench asks its worker to do, and what the worker tells meanwhile."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from climb.judge.run import Plan

__all__ = ["Judge", "Refused", "Shrink", "Shrinking", "Started", "Task", "Told"]


class Judge(msgspec.Struct, frozen=True, kw_only=True, tag="judge"):
    """Judge the submission in ``folder``, or our own system for the project ``reference``."""

    folder: str
    seed: str
    plan: Plan
    reference: str | None = None


class Shrink(msgspec.Struct, frozen=True, kw_only=True, tag="shrink"):
    """Find the smallest input that still fails the check ``check`` of the run ``run``."""

    folder: str
    run: str
    check: str
    reference: str | None = None
    seconds: float = 60.0


Task: TypeAlias = Judge | Shrink


class Started(msgspec.Struct, frozen=True, tag="started"):
    """The run has a folder now."""

    folder: str


class Shrinking(msgspec.Struct, frozen=True, tag="shrinking"):
    """How shrinking goes: inputs tried, and how many draws the smallest has."""

    tried: int
    draws: int


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """It could not be done: why, and what to try."""

    reason: str
    next_step: str


Told: TypeAlias = Started | Shrinking | Refused
