"""As much of HTTP/1.1 (RFC 9112) as this service needs: requests with a body of known length, and connections that stay open."""

import asyncio
import json
from contextlib import nullcontext
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

LARGEST_HEAD = 16 * 1024
LARGEST_BODY = 8 * 1024 * 1024
BODIES_AT_ONCE = 24
BODY_PAUSE_S = 10.0  # a client that sends nothing of its body for so long is gone
PATIENCE_S = 3.0
LINGER_S = 2.0


class Refused(Exception):
    """A request that is answered with an error."""

    def __init__(self, status, error):
        super().__init__(error)
        self.status = status


class Request:
    def __init__(self, head):
        lines = head.decode("latin-1").split("\r\n")
        try:
            self.method, target, self.version = lines[0].split(" ")
            pairs = [line.split(":", 1) for line in lines[1:] if line]
            self.headers = {name.lower(): value.strip() for name, value in pairs}
            parts = urlsplit(target)
        except ValueError:
            raise Refused(400, "this is not HTTP") from None
        self.path = parts.path
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.body = b""

    @property
    def stays_open(self):
        return self.version == "HTTP/1.1" and self.headers.get("connection", "").lower() != "close"


class HttpServer:
    """Calls `handle(request)` for (status, content type, body), or the stream's handler for a stream."""

    def __init__(self, port, handle, stream):
        self.port = port
        self.handle = handle
        self.stream = stream
        self.bodies = asyncio.Semaphore(BODIES_AT_ONCE)
        self.working = set()
        self.tasks = set()

    async def listen(self):
        self.server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, limit=LARGEST_HEAD, backlog=1024, reuse_address=True
        )

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self.tasks.add(task)
        try:
            while await self._one_request(task, reader, writer):
                pass
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
            pass
        except asyncio.CancelledError:
            pass  # the service stops
        finally:
            self.tasks.discard(task)
            self.working.discard(task)
            writer.close()

    async def _one_request(self, task, reader, writer):
        """Answers one request; true if the connection stays open."""
        request = None
        try:
            request = Request(await reader.readuntil(b"\r\n\r\n"))
            if (request.method, request.path) == ("GET", "/stream"):
                await self.stream(request, writer)
                return False
            length = length_of_body(request)
            async with self.bodies if length else nullcontext():
                request.body = await read_body(length, request, reader, writer)
                self.working.add(task)
                status, kind, body = await self.handle(request)
        except Refused as refused:
            status, kind, body = refused.status, "application/json", json.dumps({"error": str(refused)}).encode()
        stays = request is not None and request.stays_open and status not in (411, 413)
        writer.write(head_of(status, kind, len(body), stays) + (body if request and request.method != "HEAD" else b""))
        await writer.drain()
        self.working.discard(task)
        if not stays:
            await read_the_rest(reader, writer)
        return stays

    async def stop(self):
        """Takes no new connections, and ends those on which no answer is owed."""
        self.server.close()
        for task in self.tasks - self.working:
            task.cancel()
        if self.working:
            await asyncio.wait(set(self.working), timeout=PATIENCE_S)
        for task in set(self.tasks):
            task.cancel()
        if self.tasks:
            await asyncio.wait(set(self.tasks), timeout=1)


def length_of_body(request):
    if "transfer-encoding" in request.headers:
        raise Refused(411, "the body needs a Content-Length")
    length = request.headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        raise Refused(400, "Content-Length: expected digits")
    if int(length) > LARGEST_BODY:
        raise Refused(413, f"a body has at most {LARGEST_BODY} bytes")
    return int(length)


async def read_body(length, request, reader, writer):
    if request.headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = bytearray()
    while len(body) < length:
        piece = await asyncio.wait_for(reader.read(min(65536, length - len(body))), BODY_PAUSE_S)
        if not piece:
            raise EOFError("the client has vanished")
        body += piece
    return bytes(body)


async def read_the_rest(reader, writer):
    """Closing with unread input would send a reset, which can destroy the answer on its way."""
    writer.write_eof()
    async with asyncio.timeout(LINGER_S):
        while await reader.read(65536):
            pass


def head_of(status, kind, length, stays_open):
    return (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n"
        f"Connection: {'keep-alive' if stays_open else 'close'}\r\n\r\n"
    ).encode()
