"""Reading HTTP answers, bytes as they come."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, strategies as st

from climb.systems.scanner.model import Http
from climb.systems.scanner.probe.http import HttpReader, request


def read(*pieces: bytes, ended: bool = False) -> HttpReader:
    reader = HttpReader()
    for piece in pieces:
        if not reader.done:
            reader.feed(piece)
    if ended:
        reader.end()
    return reader


PAGE = (
    b"HTTP/1.1 200 OK\r\nSERVER: nginx\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"9\r\n<html><ti\r\n6;x=y\r\ntle>Tw\r\nb\r\no  \n words<\r\n7\r\n/title>\r\n0\r\n\r\n"
)


def test_the_request_asks_for_one_plain_answer() -> None:
    """Not kept alive, not compressed, for the host that was named."""
    lines = request("a.example:8080").decode().split("\r\n")

    assert lines[0] == "GET / HTTP/1.1"
    assert {"Host: a.example:8080", "Connection: close", "Accept-Encoding: identity"} <= set(lines)
    assert lines[-2:] == ["", ""]


def test_status_server_location_and_title_are_kept() -> None:
    """Header names are matched without regard to case, values are trimmed, the first of two counts."""
    reader = read(
        b"HTTP/1.1 301 Moved Permanently\r\nserver:\t x/1 \r\nLOCATION: https://example.org/\r\nServer: other\r\n"
        b"Content-Length: 27\r\n\r\n<title>Moved</title></html>"
    )

    assert reader.done
    assert reader.http == Http(status=301, server="x/1", title="Moved", location="https://example.org/")


def test_a_title_may_be_split_over_chunks() -> None:
    """Chunk sizes, extensions and line endings are no part of the body."""
    assert read(PAGE).http == Http(status=200, server="nginx", title="Two words")


@given(st.lists(st.integers(1, len(PAGE) - 1), max_size=12).map(sorted))
def test_it_does_not_matter_how_the_bytes_arrive(cuts: list[int]) -> None:
    """Any split of the answer gives the same result."""
    edges = [0, *cuts, len(PAGE)]

    reader = read(*(PAGE[first:last] for first, last in itertools.pairwise(edges) if first < last))

    assert reader.http == Http(status=200, server="nginx", title="Two words")


def test_reading_stops_as_soon_as_the_title_is_known() -> None:
    """The rest of a huge page is of no interest."""
    assert read(b"HTTP/1.0 200 OK\r\n\r\n<title>a</title>").done
    assert not read(b"HTTP/1.0 200 OK\r\n\r\n<p>a</p>").done


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/1.1 304 x\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"],
)
def test_an_answer_without_a_body_is_complete_after_its_headers(head: bytes) -> None:
    """No need to wait for the server to close."""
    assert read(head).done


def test_an_interim_answer_is_not_the_answer() -> None:
    """1xx responses announce another (RFC 9110, 15.2)."""
    reader = read(
        b"HTTP/1.1 103 Early Hints\r\nServer: early\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    )

    assert reader.http == Http(status=404)


def test_a_folded_header_goes_on() -> None:
    """Obsolete line folding still occurs (RFC 9112, 5.2)."""
    assert read(b"HTTP/1.1 200 OK\r\nServer: a\r\n\t b\r\n\r\n").http == Http(status=200, server="a b")


def test_bare_line_feeds_and_lines_without_a_colon_are_forgiven() -> None:
    """RFC 9112, 2.2 lets a recipient take a single LF for a line ending."""
    assert read(b"HTTP/1.1 200\nwhat is this\nServer: a\n\n").http == Http(status=200, server="a")


def test_bytes_that_are_not_utf8_become_replacement_characters() -> None:
    """In headers as in titles."""
    reader = read(b"HTTP/1.1 200 OK\r\nServer: \xff\xe4\r\n\r\n<title>\xfcber</title>")

    assert reader.http == Http(status=200, server="\ufffd\ufffd", title="\ufffdber")


@pytest.mark.parametrize(
    "bytes_",
    [
        b"<html>HTTP/1.1 200",
        b"HTTP/1.1 abc\r\n",
        b"HTTP/1.1 2000 x\r\n",
        b"ICY 200 OK\r\n",
        b"\x00\x01\x02",
        b"http/1.1 200\r\n",
    ],
)
def test_what_does_not_start_like_http_is_not_http(bytes_: bytes) -> None:
    """One wrong byte is enough to stop reading."""
    reader = read(bytes_)

    assert reader.is_http is False
    assert reader.done
    assert reader.http is None


def test_too_few_bytes_leave_the_question_open() -> None:
    """ "HTT" may still become HTTP."""
    assert read(b"HTT").is_http is None
    assert read(b"HTT", ended=True).is_http is False


@pytest.mark.parametrize(
    ("bytes_", "known"),
    [
        (b"HTTP/1.1 200", Http(status=200)),
        (b"HTTP/1.1 404 Not Found\r\nServer: a\r\nLocation: /cut", Http(status=404, server="a")),
        (b"HTTP/1.1 200 OK\r\n\r\n<title>cut", Http(status=200)),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", Http(status=200)),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n<title>a</title>", Http(status=200, title="a")),
    ],
)
def test_an_answer_that_breaks_off_leaves_what_was_known(bytes_: bytes, known: Http) -> None:
    """A header or title without its end is not reported: half of it may mean something else."""
    assert read(bytes_, ended=True).http == known


def test_a_line_that_never_ends_is_searched_once() -> None:
    """One byte at a time, 64 KiB must not cost the square of that."""
    reader = read(b"HTTP/1.1 200 OK\r\nX: ")
    for _ in range(65536):
        reader.feed(b"x")

    assert reader._line_from == 65536 + 3
