"""Requests as the bytes that are sent: well-formed ones, and bodies in chunks. What is broken on purpose a check writes by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["chunked", "request"]


def request(
    method: str,
    target: str,
    fields: Iterable[tuple[str, str]] = (),
    body: bytes | None = None,
    *,
    host: str,
    version: str = "1.1",
) -> bytes:
    """A well-formed request: Host first, then the fields, and Content-Length if there is a body and no field tells its end.

    A Host among the fields takes the place of ``host``. A body for chunks is given as ``chunked`` makes it.
    """
    given = list(fields)
    names = {name.lower() for name, _ in given}
    if "host" not in names:
        given.insert(0, ("Host", host))
    if body is not None and not names & {"content-length", "transfer-encoding"}:
        given.append(("Content-Length", str(len(body))))
    lines = [f"{method} {target} HTTP/{version}", *(f"{name}: {value}" for name, value in given), "", ""]
    return "\r\n".join(lines).encode() + (body or b"")


def chunked(
    body: bytes,
    sizes: Sequence[int] = (),
    *,
    extensions: Sequence[str] = (),
    trailers: Iterable[tuple[str, str]] = (),
    upper: bool = False,
) -> bytes:
    """A body as chunks of these sizes, what is left in one more, then the last chunk and the trailers.

    ``extensions`` are written behind the sizes, one for each chunk, as they are: ``;a=b``. The one behind them all is for the last chunk.
    """
    pieces = _cut(body, sizes)
    written = []
    for number, piece in enumerate([*pieces, b""]):
        size = f"{len(piece):X}" if upper else f"{len(piece):x}"
        extension = extensions[number] if number < len(extensions) else ""
        written.append(f"{size}{extension}\r\n".encode() + (piece + b"\r\n" if piece else b""))
    ends = "".join(f"{name}: {value}\r\n" for name, value in trailers)
    return b"".join(written) + ends.encode() + b"\r\n"


def _cut(body: bytes, sizes: Sequence[int]) -> list[bytes]:
    """The pieces; a chunk of size 0 would end the body, so there is none."""
    pieces, at = [], 0
    for size in sizes:
        pieces.append(body[at : at + size])
        at += size
    return [piece for piece in [*pieces, body[at:]] if piece]
