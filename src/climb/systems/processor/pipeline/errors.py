"""What can be wrong with a pipeline: its file, and what it stands on."""

from __future__ import annotations

__all__ = ["EdgeError", "PipelineError"]


class EdgeError(Exception):
    """A source or a sink can't do its work here; the message is one line for people."""


class PipelineError(EdgeError):
    """The pipeline file can't be meant; the message begins with the place in it."""
