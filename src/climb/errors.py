"""Everything that can go wrong outside a learner's program, one class per reason.

    ClimbError
    ├── UsageError      the user asked for something that can't be done          exit 2
    ├── SetupError      this machine lacks something                             exit 3
    ├── CourseError     our own course or project data is wrong                  exit 4
    └── ProtocolError   our driver was misused (local) or the peer broke a rule (remote)

A learner's failing program is not an error: it ends as a verdict. So nothing here is raised for it.
"""

from __future__ import annotations

__all__ = ["ClimbError", "CourseError", "ProtocolError", "SetupError", "UsageError"]


class ClimbError(Exception):
    """Base of all our errors. ``next_step`` is what the user can try now, as one line."""

    exit_code = 4

    def __init__(self, message: str, *, next_step: str | None = None) -> None:
        super().__init__(message)
        self.next_step = next_step


class UsageError(ClimbError):
    """The user asked for something that does not exist or does not fit together."""

    exit_code = 2


class SetupError(ClimbError):
    """Something is missing on this machine: a compiler, a kernel feature, a free port."""

    exit_code = 3


class CourseError(ClimbError):
    """Our own content is wrong: a project, a stage or a page breaks its own rules."""


class ProtocolError(ClimbError):
    """A driver met bytes that its protocol does not allow. ``remote``: the peer sent them."""

    def __init__(self, message: str, *, remote: bool) -> None:
        super().__init__(message)
        self.remote = remote
