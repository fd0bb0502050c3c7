"""Failures that are told with more evidence than what fails knows of."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from climb.judge.evidence import Evidence
from climb.judge.expect import Failure

__all__ = ["told_with"]


@contextlib.contextmanager
def told_with(*evidence: Evidence) -> Iterator[None]:
    """A failure within the block is told with this evidence too."""
    try:
        yield
    except Failure as failure:
        raise Failure(failure.subject, *failure.evidence, *evidence) from failure.__cause__
