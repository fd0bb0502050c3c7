"""Traces with OpenTelemetry, sent by OTLP over HTTP if ``OTEL_EXPORTER_OTLP_ENDPOINT`` is set; else a span costs next to nothing.

The context of a trace comes in with a request and goes out with those that are made for it (W3C Trace Context), also while we make
no spans ourselves: then what came in goes out unchanged.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

from climb.stack.telemetry.current import trace_id, traceparent

if TYPE_CHECKING:  # the SDK takes a fifth of a second to load, and most who start a service want no traces
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span, Tracer

__all__ = ["Traces", "outgoing", "span", "traced"]

_FLUSH_S = 1.5
_NOTHING: AbstractContextManager[None] = nullcontext()
_tracer: Tracer | None = None  # one for the process: spans are made deep below, where nobody could hand it down


class Traces:
    """The spans of this process, from its start to its end."""

    def __init__(self, provider: TracerProvider) -> None:
        global _tracer  # noqa: PLW0603 - see above
        self._provider = provider
        _tracer = provider.get_tracer("climb.stack")

    @classmethod
    def wanted(cls, service: str, environment: Mapping[str, str] = os.environ) -> Traces | None:
        """Traces if the environment says where they go, else None. The SDK reads its other variables itself."""
        if not environment.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
            return None
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        return cls.sent_to(OTLPSpanExporter(), service)

    @classmethod
    def sent_to(cls, exporter: SpanExporter, service: str) -> Traces:
        """Traces that go to ``exporter``, some at a time, from a thread of its own."""
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        provider = TracerProvider(resource=Resource.create({"service.name": service}), shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(exporter))
        return cls(provider)

    def end(self) -> None:
        """Send what is left, as far as that takes no more than a moment: a service ends also while nobody takes its traces."""
        global _tracer  # noqa: PLW0603 - see above
        _tracer = None
        last = threading.Thread(target=self._provider.shutdown, daemon=True)
        last.start()
        last.join(_FLUSH_S)


def span(name: str, **attributes: str | int) -> AbstractContextManager[object]:
    """What happens in the block, as a part of the current trace. Attributes never have what people sent: no values, no secrets."""
    if _tracer is None:
        return _NOTHING
    from opentelemetry.trace import SpanKind

    return _tracer.start_as_current_span(name, kind=SpanKind.CLIENT, attributes=attributes)


@contextmanager
def _entered(method: str, given: str) -> Iterator[Span]:
    from opentelemetry.trace import SpanKind, format_trace_id
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    assert _tracer is not None
    context = TraceContextTextMapPropagator().extract({"traceparent": given}) if given else None
    with _tracer.start_as_current_span(method, context, SpanKind.SERVER, {"http.request.method": method}) as entered:
        trace_id.set(format_trace_id(entered.get_span_context().trace_id))
        yield entered


def traced(method: str, given: str) -> AbstractContextManager[Span | None]:
    """A request as the first span here, below the ``given`` traceparent if that is one; None while no traces are made."""
    if _tracer is not None:
        return _entered(method, given)
    if len(parts := given.split("-")) >= 4 and len(parts[1]) == 32:
        trace_id.set(parts[1])
        traceparent.set(given)
    return _NOTHING


def outgoing() -> dict[str, str]:
    """The fields that a request to another service gets, so that its spans belong to the same trace."""
    if _tracer is None:
        return {"traceparent": given} if (given := traceparent.get()) else {}
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    fields: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(fields)
    return fields
