"""What a gate reports."""

from __future__ import annotations

from enum import StrEnum

import msgspec

__all__ = ["Finding", "Outcome"]


class Outcome(StrEnum):
    """How one thing under the gate came out."""

    OK = "ok"
    WRONG = "wrong"
    SKIPPED = "skipped"  # this machine lacks what is needed; the reason is in the finding


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at: what it is, how it came out, and why."""

    gate: str
    subject: str
    outcome: Outcome
    detail: str = ""
    seconds: float = 0.0
