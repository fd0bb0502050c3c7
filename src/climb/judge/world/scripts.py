"""Scripts for well-behaved servers. Each function returns a script for ``World.listener``."""

from __future__ import annotations

import http
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from climb.judge.world.peer import Peer, Script

__all__ = ["close_at_once", "hold", "http_response", "page", "redirect", "say"]

_CHUNK_BYTES = 1024  # of a chunked body, unless the author says otherwise
_HTTP2_PREFACE_REPLY = bytes.fromhex("000000040000000000")  # an empty SETTINGS frame, RFC 9113 section 3.4
_HTTP2_GOAWAY = bytes.fromhex("000008070000000000" + "00000000" + "00000000")  # last stream 0, NO_ERROR

Headers = Mapping[str, str] | Sequence[tuple[str, str]]


def hold() -> Script:
    """Accept, read whatever comes, and say nothing until the peer closes."""

    async def script(peer: Peer) -> None:
        await peer.hold()

    return script


def say(data: bytes) -> Script:
    """Speak first, as SMTP, FTP and SSH servers do, then hold."""

    async def script(peer: Peer) -> None:
        await peer.send(data)
        await peer.hold()

    return script


def close_at_once() -> Script:
    """Accept and close."""

    async def script(peer: Peer) -> None:
        await peer.close()

    return script


def http_response(
    status: int = 200,
    *,
    reason: str | None = None,
    headers: Headers = (),
    body: bytes = b"",
    version: str = "HTTP/1.1",
    chunked: bool | Sequence[int] = False,
    pieces: int | None = None,
    pause_s: float = 0.0,
) -> Script:
    """Answer ``GET /`` with this response, then close; the framing is right for the request.

    ``chunked`` gives the sizes of the chunks (the last one repeats), or True for some; a client that asked with HTTP/1.0 gets the
    body without. ``pieces`` is the number of bytes sent at a time, with ``pause_s`` in between. As RFC 9112 demands, what is no
    request, or an HTTP/1.1 request without Host, is answered with 400. Another path than / is answered with 404. A client that
    chose h2 in TLS gets an HTTP/2 server's farewell.
    """
    given = tuple(headers.items() if isinstance(headers, Mapping) else headers)
    start_line = f"{version} {status} {_reason(status) if reason is None else reason}"

    async def script(peer: Peer) -> None:
        request = await peer.read_request()
        if not request:
            return
        if peer.alpn == "h2":
            await peer.send(_HTTP2_PREFACE_REPLY + _HTTP2_GOAWAY)
            return
        complaint = _complaint(request)
        if complaint is not None:
            answer = _framed(
                f"HTTP/1.1 {complaint.value} {complaint.phrase}", (), f"{complaint.value}\n".encode(), None
            )
        else:
            sizes = _chunk_sizes(chunked) if chunked and _asked_with_1_1(request) else None
            answer = _framed(start_line, given, body, sizes)
        if request.startswith(b"HEAD "):
            answer = answer[: answer.index(b"\r\n\r\n") + 4]
        await _send_in_pieces(peer, answer, pieces, pause_s)

    return script


def page(title: str, *, server: str | None = None, body: str = "", encoding: str = "utf-8") -> Script:
    """A web page with this title, put between the tags exactly as given."""
    html = f"<!DOCTYPE html>\n<html>\n<head><title>{title}</title></head>\n<body>{body}</body>\n</html>\n"
    headers = [("Content-Type", f"text/html; charset={encoding}")]
    if server is not None:
        headers.insert(0, ("Server", server))
    return http_response(headers=headers, body=html.encode(encoding))


def redirect(to: str, *, status: int = 301, server: str | None = None) -> Script:
    """A redirect to this URL, with a short page as real servers send it."""
    phrase = _reason(status)
    headers = [("Location", to), ("Content-Type", "text/html")]
    if server is not None:
        headers.insert(0, ("Server", server))
    body = f"<html><head><title>{status} {phrase}</title></head><body>{phrase}</body></html>\n"
    return http_response(status, headers=headers, body=body.encode())


def _reason(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Unassigned"


def _complaint(request: bytes) -> http.HTTPStatus | None:
    """Why a server refuses this request, or None if it is a right ``GET /`` (or HEAD)."""
    lines = request.decode("latin-1").splitlines()
    words = lines[0].split(" ") if lines else []
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        return http.HTTPStatus.BAD_REQUEST
    named_host = any(line.lower().startswith("host:") for line in lines[1:])
    if words[2] == "HTTP/1.1" and not named_host:
        return http.HTTPStatus.BAD_REQUEST
    if words[0] not in {"GET", "HEAD"}:
        return http.HTTPStatus.METHOD_NOT_ALLOWED
    return None if _path(words[1]) == "/" else http.HTTPStatus.NOT_FOUND


def _path(target: str) -> str:
    """The path of a request target in origin form or absolute form, RFC 9112 section 3.2."""
    try:
        return urlsplit(target).path or "/"
    except ValueError:
        return target


def _asked_with_1_1(request: bytes) -> bool:
    return request.split(b"\n", 1)[0].rstrip().endswith(b"HTTP/1.1")


def _framed(start_line: str, headers: Sequence[tuple[str, str]], body: bytes, sizes: Iterator[int] | None) -> bytes:
    """A whole response; what the author set in ``headers`` is not set again."""
    names = {name.lower() for name, _ in headers}
    added = [("Connection", "close")]
    if sizes is not None:
        added.append(("Transfer-Encoding", "chunked"))
    elif "content-length" not in names:
        added.append(("Content-Length", str(len(body))))
    lines = [f"{name}: {value}" for name, value in (*headers, *(h for h in added if h[0].lower() not in names))]
    head = "\r\n".join([start_line, *lines, "", ""]).encode("utf-8", "surrogateescape")
    return head + (body if sizes is None else _chunks(body, sizes))


def _chunk_sizes(chunked: bool | Sequence[int]) -> Iterator[int]:
    sizes = [_CHUNK_BYTES] if isinstance(chunked, bool) else list(chunked)
    if min(sizes) < 1:
        raise ValueError(f"a chunk has at least one byte: {sizes}")
    return itertools.chain(sizes, itertools.repeat(sizes[-1]))


def _chunks(body: bytes, sizes: Iterator[int]) -> bytes:
    """The body in chunks, RFC 9112 section 7.1."""
    parts = []
    rest = body
    while rest:
        size = next(sizes)
        part, rest = rest[:size], rest[size:]
        parts.append(b"%x\r\n%s\r\n" % (len(part), part))
    return b"".join([*parts, b"0\r\n\r\n"])


async def _send_in_pieces(peer: Peer, data: bytes, pieces: int | None, pause_s: float) -> None:
    size = pieces or max(len(data), 1)
    for start in range(0, len(data), size):
        if start and pause_s:
            await peer.wait(pause_s)
        await peer.send(data[start : start + size])
