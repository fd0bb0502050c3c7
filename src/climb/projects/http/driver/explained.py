"""The reason for a demand that silence breaks: the driver knows that no answer came, and the check why there should have been one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import msgspec

from climb.judge.drivers.connection import ConnectionLost, TimedOut
from climb.judge.evidence import Comparison

__all__ = ["explained"]


@contextlib.contextmanager
def explained(why: str, subject: str = "") -> Iterator[None]:
    """What is waited for in this block and does not come is reported with ``why`` and as being about ``subject``, if they are given."""
    try:
        yield
    except (ConnectionLost, TimedOut) as failure:
        told = [
            msgspec.structs.replace(piece, why=why or piece.why, subject=subject or piece.subject)
            if isinstance(piece, Comparison)
            else piece
            for piece in failure.evidence
        ]
        raise type(failure)(subject or failure.subject, *told) from None
