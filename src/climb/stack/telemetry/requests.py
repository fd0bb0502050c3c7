"""Each request, measured and traced."""

from __future__ import annotations

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from climb.stack.http.route_template import route_template
from climb.stack.telemetry.metrics import Metrics
from climb.stack.telemetry.traces import traced

__all__ = ["Measured"]

_UNMATCHED = "unmatched"  # paths that nobody has are without number; they share one label
_GONE = 499  # the client left before it was answered; the number is nginx's


class Measured:
    """Counts and times what is answered below, by the template of its route, and makes a span of it."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), _GONE

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with traced(scope["method"], _traceparent(scope)) as span:
            try:
                await self._app(scope, receive, watched)
            finally:
                route = route_template(scope) or _UNMATCHED
                trace = None
                if span is not None:
                    span.update_name(f"{scope['method']} {route}")
                    span.set_attributes({"http.route": route, "http.response.status_code": status})
                    context = span.get_span_context()
                    trace = {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}
                    trace = trace if context.trace_flags.sampled else None
                self._metrics.answered(scope["method"], route, status, time.perf_counter() - began, trace)


def _traceparent(scope: Scope) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"), "")
