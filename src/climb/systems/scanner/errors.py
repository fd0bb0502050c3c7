"""What can go wrong with a scan as a whole; what goes wrong with one port is a finding, not an error."""

from __future__ import annotations

__all__ = ["ScanError", "ScanUsageError"]


class ScanError(Exception):
    """The scan can't go on: something it needs from this machine is missing."""


class ScanUsageError(ScanError):
    """What was asked for can't be meant; the message names the value and shows one that would do."""
