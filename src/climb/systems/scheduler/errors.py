"""What can be wrong with what the scheduler was given."""

from __future__ import annotations

__all__ = ["SchedulerError", "UsageError", "WorkloadError"]


class SchedulerError(Exception):
    """The scheduler was asked for something that makes no sense; the message is one line for people."""


class WorkloadError(SchedulerError):
    """The workload can't be scheduled; the message begins with the place in the document, if there is one."""


class UsageError(SchedulerError):
    """The options can't be meant; the message names the option and what it takes."""
