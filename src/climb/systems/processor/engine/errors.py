"""What can be wrong with what is kept on the disk."""

from __future__ import annotations

__all__ = ["EngineError", "LogError", "ShapeError"]


class EngineError(Exception):
    """The engine cannot go on; the message is one line for people."""


class LogError(EngineError):
    """A log or a snapshot was changed by something other than a crash."""


class ShapeError(EngineError):
    """The folder was written with other windows; the message names the folder and theirs."""
