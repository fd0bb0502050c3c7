"""Reading requests with the parser, as its tests do: all events of some bytes, however these are cut."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from climb.systems.http.head import Head
from climb.systems.http.parser import End, Parser
from climb.systems.http.refusal import Refusal

Seen = list[tuple[object, ...]]


def seen(data: bytes, cuts: Sequence[int] = (), *, head: int = 16384, body: int = 1 << 20) -> Seen:
    """The events of these bytes, pieces of a body joined; a refusal is the last of them."""
    parser = Parser(head, body)
    events: Seen = []
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    for first, last in pairwise(places):
        parser.feed(data[first:last])
        try:
            while (event := parser.next()) is not None:
                _note(events, event)
        except Refusal as refusal:
            events.append(("refused", refusal.status, refusal.bodiless))
    return events


def _note(events: Seen, event: Head | bytes | End) -> None:
    if isinstance(event, Head):
        head = event
        events.append(
            ("head", head.method, head.target, head.path, head.query, head.minor, head.closes, *head.fields.pairs)
        )
    elif isinstance(event, End):
        events.append(("end", *event.trailers))
    elif events[-1][0] == "body":
        events[-1] = ("body", bytes(events[-1][1]) + event)  # type: ignore[call-overload] # a body holds bytes
    else:
        events.append(("body", event))


def status(data: bytes, **limits: int) -> int | None:
    """The status with which these bytes are refused, the same for all at once and byte by byte; None if they are not."""
    whole, bytewise = seen(data, **limits), seen(data, range(len(data)), **limits)

    assert whole == bytewise
    return int(str(whole[-1][1])) if whole and whole[-1][0] == "refused" else None


def head(line: bytes = b"GET /mirror HTTP/1.1", *fields: bytes, host: bytes | None = b"Host: here") -> bytes:
    """A head of these lines."""
    return b"\r\n".join([line, *([host] if host is not None else []), *fields]) + b"\r\n\r\n"
