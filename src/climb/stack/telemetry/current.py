"""Which request this is, for whoever logs, measures or asks another service on its way."""

from __future__ import annotations

from contextvars import ContextVar

__all__ = ["request_id", "trace_id", "traceparent"]

request_id: ContextVar[str] = ContextVar("request_id", default="")
trace_id: ContextVar[str] = ContextVar("trace_id", default="")
traceparent: ContextVar[str] = ContextVar("traceparent", default="")
"""What the request brought along (W3C Trace Context, 3.2), for the next hop, if we make no spans of our own."""
