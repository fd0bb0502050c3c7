"""Server-sent events, byte by byte (HTML Standard, 9.2)."""

import pytest

from climb.judge.drivers.sse import EventParser

STREAM = (
    b"\n"
    b": a comment\n"
    b"event: window\nid: 1\ndata: one\n\n"
    b"data: first\ndata: second\n\n"
    b"id: 2\n\n"
    b"data:no space\nother: field\nretry: 10\n\n"
    b"data: cut"
)
EVENTS = [("1", "window", "one"), ("1", "message", "first\nsecond"), ("2", "message", "no space")]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_events_are_the_same_however_they_are_cut(end: bytes, size: int) -> None:
    """Pieces of any size, and each of the three line ends, give the same events."""
    parser = EventParser()
    stream = STREAM.replace(b"\n", end)

    events = [
        event for start in range(0, len(stream), size) for event in parser.feed(stream[start : start + size], 0.0)
    ]

    assert [(event.id, event.event, event.data) for event in events] == EVENTS
    assert parser.comments == 1


def test_an_id_with_a_zero_is_ignored() -> None:
    """The standard says so."""
    parser = EventParser()

    (event,) = parser.feed(b"id: a\ndata: 1\nid: b\0c\n\n", 0.0)

    assert event.id == "a"
