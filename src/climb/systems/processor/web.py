"""The service over HTTP: windows in pages and as they close, numbers, and readings in a body.

A stream reads from the results with a cursor of its own, as pages do, and waits when it has come to the end. Nothing is
queued for it, so one that reads slowly costs nothing and misses nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any

import msgspec
import numpy as np
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from climb.systems.processor.asking import AskedWrongly, Window, cursor_of, question_of, windows_of

if TYPE_CHECKING:
    from climb.systems.processor.coordinator import Coordinator
    from climb.systems.processor.numbers import Numbers
    from climb.systems.processor.results import Results

__all__ = ["Parts", "application"]

_LONGEST_BODY = 8 << 20
_KEEP_ALIVE_S = 10.0  # the contract says 15 at most
_EVENTS_AT_ONCE = 256
_ANSWER_IN_MEMORY = 1 << 18
_METRICS = "text/plain; version=0.0.4; charset=utf-8"
_json = msgspec.json.Encoder().encode


@dataclass
class Parts:
    """What requests need of the service."""

    results: Results
    coordinator: Coordinator
    numbers: Numbers
    names: Callable[[], list[str]]  # of sensors, by their number
    window_ms: int
    hand_over: Callable[[socket.socket], None]  # a connection of our own to a worker
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


class _Answer(msgspec.Struct):
    ack: dict[str, int] | None = None
    reject: msgspec.Raw = msgspec.Raw()


_answer = msgspec.json.Decoder(_Answer).decode


def application(parts: Parts) -> Starlette:
    """Return the routes of the contract."""
    routes = [
        Route("/healthz", _health),
        Route("/stats", _stats),
        Route("/metrics", _metrics),
        Route("/windows", _windows),
        Route("/stream", _stream),
        Route("/ingest", _ingest, methods=["POST"]),
    ]
    app = Starlette(routes=routes, exception_handlers={404: _not_found, 405: _not_allowed})
    app.state.parts = parts
    return app


def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


def _document(content: Any, status: int = 200) -> Response:
    return Response(_json(content), status, media_type="application/json")


async def _not_found(request: Request, _: Exception) -> Response:
    return _document({"error": f"there is no {request.url.path}"}, 404)


async def _not_allowed(request: Request, _: Exception) -> Response:
    return _document({"error": f"{request.method} is not for {request.url.path}"}, 405)


# --- numbers --------------------------------------------------------------------------------------------------------


async def _health(request: Request) -> Response:
    stopping = _parts(request).stopping.is_set()
    return _document({"status": "stopping" if stopping else "ready"}, 503 if stopping else 200)


async def _stats(request: Request) -> Response:
    return _document(_parts(request).numbers.stats())


async def _metrics(request: Request) -> Response:
    from climb.systems.processor.metrics import exposition  # what it needs is not loaded before anyone asks

    return Response(exposition(_parts(request).numbers.stats()), media_type=_METRICS)


# --- windows --------------------------------------------------------------------------------------------------------


async def _windows(request: Request) -> Response:
    parts = _parts(request)
    try:
        question = question_of(request.query_params, parts.results)
    except AskedWrongly as error:
        return _document({"error": str(error)}, 400)
    cursor = question.after or 0
    if question.begin is not None:
        cursor = max(cursor, parts.results.first_from(question.begin))
    end = parts.results.end if question.end is None else parts.results.first_from(question.end)
    found: list[Window] = []
    last: int | None = question.after
    async for windows in _pieces(parts, cursor, question.sensor, end):
        some = windows[: question.limit - len(found)]
        found += [window for _, window in some]
        last = some[-1][0] if some else last
        if len(found) == question.limit:
            break
    return _document({"windows": found, "next": None if last is None else str(last)})


async def _stream(request: Request) -> Response:
    parts = _parts(request)
    try:
        after = cursor_of(request.headers.get("last-event-id"), parts.results, "Last-Event-ID")
        if after is None:
            after = cursor_of(request.query_params.get("after"), parts.results)
        sensor = question_of({k: v for k, v in request.query_params.items() if k == "sensor"}, parts.results).sensor
    except AskedWrongly as error:
        return _document({"error": str(error)}, 400)
    begin = parts.results.end if after is None else after
    return StreamingResponse(
        _events(parts, begin, sensor), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


async def _events(parts: Parts, cursor: int, sensor: str | None) -> AsyncIterator[bytes]:
    """Give events behind a cursor, for ever."""
    yield b": windows follow\n\n"
    while not parts.stopping.is_set():
        end = parts.results.end
        async for windows in _pieces(parts, cursor, sensor, end):
            for first in range(0, len(windows), _EVENTS_AT_ONCE):
                yield b"".join(
                    b"id: %d\nevent: window\ndata: %b\n\n" % (place, _json(window))
                    for place, window in windows[first : first + _EVENTS_AT_ONCE]
                )
        cursor = end
        if parts.results.end == end and not await parts.coordinator.grown(_KEEP_ALIVE_S):
            yield b": still here\n\n"


async def _pieces(parts: Parts, cursor: int, sensor: str | None, end: int) -> AsyncIterator[list[tuple[int, Window]]]:
    """Give windows from a cursor up to another, each with the cursor behind it, and let others work in between."""
    for first, records in parts.results.chunks(cursor):
        if first >= end:
            return
        names = parts.names()
        wanted = parts.results.shown(records)
        wanted[end - first :] = False
        if sensor is not None:
            wanted &= records["sensor"] == (names.index(sensor) if sensor in names else -1)
        places = np.flatnonzero(wanted)
        windows = windows_of(records[places].tolist(), names, parts.window_ms)
        yield list(zip((places + first + 1).tolist(), windows, strict=True))
        await asyncio.sleep(0)


# --- readings -------------------------------------------------------------------------------------------------------


async def _ingest(request: Request) -> Response:
    """Send the body to a worker as if it had come over TCP, and gather what it answers."""
    parts = _parts(request)
    if parts.stopping.is_set():
        return _document({"error": "the service is stopping"}, 503)
    if int(request.headers.get("content-length") or 0) > _LONGEST_BODY:
        return _document({"error": f"a body has at most {_LONGEST_BODY} bytes"}, 413)
    ours, theirs = socket.socketpair()
    parts.hand_over(theirs)
    reader, writer = await asyncio.open_unix_connection(sock=ours, limit=1 << 20)
    acks: dict[str, int] = {}
    with SpooledTemporaryFile(max_size=_ANSWER_IN_MEMORY) as rejected:
        answers = asyncio.ensure_future(_gather(reader, acks, rejected))
        try:
            if not await _forward(request, writer):
                return _document({"error": f"a body has at most {_LONGEST_BODY} bytes"}, 413)
            await answers
        except (ClientDisconnect, OSError):
            return _document({"error": "the connection ended early"}, 400)
        finally:
            answers.cancel()
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        rejected.seek(0)
        return Response(b'{"ack":%b,"rejected":[%b]}' % (_json(acks), rejected.read()), media_type="application/json")


async def _forward(request: Request, writer: asyncio.StreamWriter) -> bool:
    """Send the body on, its last line ended; False if it is too long."""
    length = 0
    async for piece in request.stream():
        length += len(piece)
        if length > _LONGEST_BODY:
            return False
        writer.write(piece)
        await writer.drain()
    writer.write(b"\n")
    await writer.drain()
    writer.write_eof()
    return True


async def _gather(reader: asyncio.StreamReader, acks: dict[str, int], rejected: IO[bytes]) -> None:
    while line := await reader.readline():
        answer = _answer(line)
        for sensor, seq in (answer.ack or {}).items():
            acks[sensor] = max(seq, acks.get(sensor, 0))
        if reject := bytes(answer.reject):
            rejected.write(b"," * (rejected.tell() > 0) + reject)
