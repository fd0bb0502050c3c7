"""Why a request is no request, or none for this server: the end of what a connection is listened to."""

from __future__ import annotations

__all__ = ["Refusal"]


class Refusal(Exception):
    """What came can't be answered as a request: the status says what is wrong, and the connection ends with that answer."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(f"{status}: {why}")
        self.status = status
        self.why = why
        self.bodiless = False  # the request is one of HEAD, as far as can be told
