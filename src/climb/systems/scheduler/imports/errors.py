"""Why a recording can't be read."""

from __future__ import annotations

__all__ = ["PerfMissing", "RecordingError"]


class RecordingError(Exception):
    """The file is not there, is no recording, or holds nothing of what was asked for."""


class PerfMissing(RecordingError):
    """Only perf can read this file, and this machine has no perf."""
