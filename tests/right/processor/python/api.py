"""The requests that the service answers."""

import asyncio
import json
import re

from http_server import Refused
from readings import SENSOR

DEFAULT_LIMIT = 1000
LARGEST_LIMIT = 10_000
FOR_EVER = 2**63
QUIET_S = 5.0  # a stream on which nothing happens gets a comment so often
BLOCK = 256 * 1024
JSON = "application/json"
STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
)


class Api:
    def __init__(self, service):
        self.service = service
        self.routes = {
            ("GET", "/healthz"): self.healthz,
            ("GET", "/stats"): self.stats,
            ("GET", "/metrics"): self.metrics,
            ("GET", "/windows"): self.windows,
            ("POST", "/ingest"): self.ingest,
        }

    async def handle(self, request):
        method = "GET" if request.method == "HEAD" else request.method
        route = self.routes.get((method, request.path))
        if route is None:
            known = any(path == request.path for _, path in self.routes)
            raise Refused(405 if known else 404, f"there is no {request.method} {request.path}")
        return await route(request)

    async def healthz(self, request):
        return 200, "text/plain", b"ready\n"

    async def stats(self, request):
        return 200, JSON, json.dumps(self.service.stats()).encode()

    async def metrics(self, request):
        stats = self.service.stats()
        lines = []
        for name in ("accepted", "late", "duplicates", "rejected", "windows_closed"):
            lines += [f"# TYPE processor_{name}_total counter", f"processor_{name}_total {stats[name]}"]
        lines += ["# TYPE processor_sensors gauge", f"processor_sensors {stats['sensors']}"]
        if stats["watermark"] is not None:
            lines += ["# TYPE processor_watermark_ms gauge", f"processor_watermark_ms {stats['watermark']}"]
        return 200, "text/plain; version=0.0.4", "".join(line + "\n" for line in lines).encode()

    async def ingest(self, request):
        """All lines of the body; the last one needs no newline."""
        acks, rejected, first, begin = {}, [], 1, 0
        body = request.body.removesuffix(b"\n")
        while begin <= len(body):
            end = body.find(b"\n", begin + BLOCK)
            end = len(body) if end < 0 else end
            block = body[begin:end]
            answer = await self.service.ingest(first, block)
            acks.update(answer.acks)
            rejected += answer.rejected
            first += block.count(b"\n") + 1
            begin = end + 1
        lines = [{"line": line, "reason": reason} for line, reason in rejected]
        return 200, JSON, json.dumps({"ack": acks, "rejected": lines}).encode()

    async def windows(self, request):
        query, results = request.query, self.service.results
        after = query.get("after")
        found, _ = await asyncio.to_thread(
            results.page,
            0 if after is None else self.cursor("after", after),
            sensor_of(query),
            number_of(query, "from", 0, 0, FOR_EVER),
            number_of(query, "to", FOR_EVER, 0, FOR_EVER),
            number_of(query, "limit", DEFAULT_LIMIT, 1, LARGEST_LIMIT),
        )
        following = json.dumps(str(found[-1][1]) if found else after)
        page = b", ".join(window for window, _ in found)
        return 200, JSON, b'{"windows": [' + page + b'], "next": ' + following.encode() + b"}"

    def cursor(self, name, text):
        if not re.fullmatch("[0-9]{1,18}", text) or not self.service.results.is_place(int(text)):
            raise Refused(400, f"{name}: {text[:40]!r} is no cursor of this service")
        return int(text)

    async def stream(self, request, writer):
        """Server-sent events, read from the results: a client that is slow delays itself, and takes no memory."""
        results, sensor = self.service.results, sensor_of(request.query)
        place = self.first_place(request)
        writer.write(STREAM_HEAD)
        while True:
            news = results.news
            found, place = await asyncio.to_thread(results.page, place, sensor, 0, FOR_EVER, 1000)
            for window, end in found:
                writer.write(b"id: %d\nevent: window\ndata: %b\n\n" % (end, window))
            await writer.drain()
            if not found and place == results.size:
                try:
                    await asyncio.wait_for(news.wait(), QUIET_S)
                except TimeoutError:
                    writer.write(b": nothing closed\n\n")

    def first_place(self, request):
        if "last-event-id" in request.headers:
            return self.cursor("Last-Event-ID", request.headers["last-event-id"])
        if "after" in request.query:
            return self.cursor("after", request.query["after"])
        return self.service.results.size


def sensor_of(query):
    sensor = query.get("sensor")
    if sensor is not None and not SENSOR.fullmatch(sensor):
        raise Refused(400, f"sensor: {sensor[:80]!r} is no sensor's name")
    return sensor


def number_of(query, name, default, low, high):
    if name not in query:
        return default
    text = query[name]
    if not re.fullmatch("[0-9]{1,19}", text) or not low <= int(text) <= high:
        raise Refused(400, f"{name}: expected a whole number from {low} to {high}, got {text[:40]!r}")
    return int(text)
