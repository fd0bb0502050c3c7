"""Answers as bytes, and the lines of /count."""

from __future__ import annotations

import pytest

from climb.systems.http.answer import Answer, Opening, encode, has_more, plain, with_fields
from climb.systems.http.numbers import lines

OPENING = b"HTTP/1.1 200 OK\r\n"


def test_the_opening_is_of_its_second() -> None:
    """Status line and date are those of the moment, also after a second has passed."""
    now = [784_111_777.9]
    opening = Opening(lambda: now[0])
    first = opening.of(404)
    now[0] += 0.2

    assert first == b"HTTP/1.1 404 Not Found\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
    assert opening.of(200) == b"HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:38 GMT\r\n"


def test_framing() -> None:
    """A length for bytes, chunks for pieces but not in HTTP/1.0, and neither where no body may be."""
    pieces = Answer(200, iter([b"x"]))

    assert encode(OPENING, Answer(200, b"ok")) == OPENING + b"Content-Length: 2\r\n\r\nok"
    assert encode(OPENING, Answer(200, b"ok"), bodiless=True) == OPENING + b"Content-Length: 2\r\n\r\n"
    assert encode(OPENING, pieces) == OPENING + b"Transfer-Encoding: chunked\r\n\r\n"
    assert encode(OPENING, pieces, minor=0, closes=True) == OPENING + b"Connection: close\r\n\r\n"
    assert encode(OPENING, Answer(304, b"", b"ETag: x\r\n")) == OPENING + b"ETag: x\r\n\r\n"


def test_large_bodies_are_left_out() -> None:
    """What would have to be copied is sent by itself."""
    large = Answer(200, b"x" * 20_000)

    assert encode(OPENING, large) == OPENING + b"Content-Length: 20000\r\n\r\n"
    assert has_more(large)
    assert not has_more(Answer(200, b"x"))


def test_no_field_begins_another() -> None:
    """A value with a line end in it is a mistake."""
    with pytest.raises(AssertionError):
        with_fields(("Location", "/a\r\nSet-Cookie: x"))


def test_an_answer_for_people() -> None:
    """It says what its status is called, as text."""
    answer = plain(404)

    assert (answer.content, answer.fields) == (b"Not Found\n", b"Content-Type: text/plain; charset=utf-8\r\n")


@pytest.mark.parametrize("to", [0, 1, 4096, 4097, 10_000])
def test_counting(to: int) -> None:
    """All lines come, whether many at a time or one by one with pauses between."""
    expected = b"".join(b"%d\n" % number for number in range(1, to + 1))
    paused = list(lines(to, 0.5))

    assert b"".join(piece for piece in lines(to, 0) if isinstance(piece, bytes)) == expected
    assert b"".join(piece for piece in paused if isinstance(piece, bytes)) == expected
    assert paused.count(0.5) == max(to - 1, 0)
