"""What can be missing for a real server to run here."""

from __future__ import annotations

__all__ = ["StackError"]


class StackError(Exception):
    """A server can't be started or does not answer; ``next_step`` is what the user can try now, as one line."""

    def __init__(self, message: str, *, next_step: str | None = None) -> None:
        super().__init__(message)
        self.next_step = next_step
