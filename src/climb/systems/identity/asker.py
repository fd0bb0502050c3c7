"""Who asks, as far as that is known of every request."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from climb.stack.telemetry.current import request_id

__all__ = ["Asker"]


@dataclass(frozen=True)
class Asker:
    """The address of the connection, and the request's name."""

    client_address: str
    request_id: str

    @classmethod
    def of(cls, request: Request) -> Asker:
        """Who sent it; what it says of itself (X-Forwarded-For) is not believed."""
        return cls(request.client.host if request.client else "unknown", request_id.get())
