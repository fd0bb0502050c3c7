"""A part that a service stands on does not answer now."""

from __future__ import annotations

__all__ = ["Away"]


class Away(Exception):
    """The ``part`` (database, cache) can't be asked now; that may be otherwise in ``retry_after_s``."""

    def __init__(self, part: str, why: str = "", *, retry_after_s: int = 1) -> None:
        super().__init__(f"the {part} is away" + (f": {why}" if why else ""))
        self.part = part
        self.why = why
        self.retry_after_s = retry_after_s
