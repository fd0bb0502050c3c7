"""What a check that did not pass leaves in the run folder, beside its verdict."""

from __future__ import annotations

import msgspec

__all__ = ["Trace"]


class Trace(msgspec.Struct, frozen=True):
    """One file: the folder of the run that it belongs in, the end of its name, and what it holds."""

    folder: str  # "calls" or "services"
    name: str  # such as "1.stdout"; the check's number comes before it
    data: bytes
