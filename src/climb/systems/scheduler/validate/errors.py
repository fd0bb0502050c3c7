"""Why nothing could be measured."""

from __future__ import annotations

__all__ = ["CannotMeasure"]


class CannotMeasure(Exception):
    """The workers can't be run as asked, on this machine or by this user; the text says why."""
