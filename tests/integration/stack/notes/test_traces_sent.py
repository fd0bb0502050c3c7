"""Traces of the notes service, received by a collector that speaks OTLP over HTTP: every hop belongs to the caller's trace."""

import asyncio
import gzip
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from notes_service import Service
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

pytestmark = pytest.mark.slow

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


class Collector:
    """Keeps the spans that come."""

    def __init__(self) -> None:
        self.spans: list[object] = []
        spans = self.spans

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    for scope in resource.scope_spans:
                        spans.extend(scope.spans)
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_words: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def of(self, trace: str) -> dict[str, object]:
        return {span.name: span for span in self.spans if span.trace_id.hex() == trace}


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    thread = threading.Thread(target=collector.server.serve_forever)
    thread.start()
    yield collector
    collector.server.shutdown()
    collector.server.server_close()
    thread.join()


async def test_a_request_its_queries_and_what_it_asks_of_others_are_one_trace(
    start: Callable[..., Service], collector: Collector
) -> None:
    """The caller's, which goes on to whomever the service asks; what is left is sent at the end."""
    service = start(OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    await service.wait_for()
    async with service.client(headers={"traceparent": PARENT}) as client:
        await client.get("/v1/notes/7")
        out = (await client.get("/hop")).json()["traceparent"]
        await client.get("/broken")
    await asyncio.to_thread(service.end)
    spans = collector.of(TRACE)

    assert {"GET /v1/notes/{number}", "find_note", "cache get", "cache set", "GET /hop", "GET /broken"} <= spans.keys()
    assert spans["GET /v1/notes/{number}"].parent_span_id.hex() == "b7ad6b7169203331"
    assert spans["find_note"].parent_span_id == spans["GET /v1/notes/{number}"].span_id
    assert out == f"00-{TRACE}-{spans['GET /hop'].span_id.hex()}-01"
    assert f'"trace_id":"{TRACE}"' in service.log.read_text()


async def test_a_slow_request_leads_from_the_metrics_to_its_trace(
    start: Callable[..., Service], collector: Collector
) -> None:
    """As an exemplar of its bucket, for whoever asks for OpenMetrics; a fast one is none."""
    service = start(OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    await service.wait_for()
    async with service.client(headers={"traceparent": PARENT}) as client:
        await client.get("/slow?s=0.1")
        await client.get("/hop")
        text = (await client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})).text
        plain = (await client.get("/metrics")).text
    with_exemplar = [line for line in text.splitlines() if " # {" in line]

    assert [line for line in with_exemplar if 'route="/slow"' in line and f'trace_id="{TRACE}"' in line]
    assert not [line for line in with_exemplar if 'route="/hop"' in line]
    assert text.endswith("# EOF\n")
    assert " # {" not in plain


async def test_a_collector_that_is_away_delays_nothing(start: Callable[..., Service]) -> None:
    """Neither requests nor the end."""
    service = start(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")
    await service.wait_for()
    async with service.client() as client:
        statuses = {(await client.get("/v1/notes")).status_code for _ in range(20)}
    loop = asyncio.get_running_loop()
    began = loop.time()
    code = await asyncio.to_thread(service.end)

    assert (statuses, code) == ({200}, 0)
    assert loop.time() - began < 10


async def test_without_a_collector_the_context_goes_through_as_it_came(notes: Service) -> None:
    """And a log line has the caller's trace."""
    async with notes.client(headers={"traceparent": PARENT}) as client:
        out = (await client.get("/hop")).json()
        await client.get("/broken")

    assert out == {"traceparent": PARENT}
    assert f'"trace_id":"{TRACE}"' in notes.log.read_text()
