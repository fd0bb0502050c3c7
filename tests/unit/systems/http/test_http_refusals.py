"""What is no request: each way that the brief names is refused with its status, at once and byte by byte."""

from __future__ import annotations

import pytest
from http_requests import head, seen, status

POST = b"POST / HTTP/1.1"
CHUNKS = head(POST, b"Transfer-Encoding: chunked")


@pytest.mark.parametrize(
    "line",
    [
        b"GET /", b"GET  / HTTP/1.1", b"GET /  HTTP/1.1", b" GET / HTTP/1.1", b"GET / HTTP/1.1 ", b"GET\t/ HTTP/1.1", b"GET / x HTTP/1.1",
        b"G(T / HTTP/1.1", b"G\xc3\xa9T / HTTP/1.1", b"/ HTTP/1.1", b"GET /\xc3\xa9 HTTP/1.1", b"GET /a\0 HTTP/1.1", b"GET /a\x7f HTTP/1.1",
        b"GET /a#b HTTP/1.1", b"GET /%4 HTTP/1.1", b"GET /%zz HTTP/1.1", b"GET /?% HTTP/1.1", b"GET /%ff HTTP/1.1", b"GET /%00 HTTP/1.1",
        b"GET /%ed%a0%80 HTTP/1.1", b"GET a HTTP/1.1", b"GET * HTTP/1.1", b"GET https://a/ HTTP/1.1", b"GET http:///a HTTP/1.1",
        b"GET http://u@a/ HTTP/1.1", b"GET http:/a HTTP/1.1", b"CONNECT a:80 HTTP/1.1", b"GET / http/1.1", b"GET / HTTP/1",
        b"GET / HTTP/1.10", b"GET / HTTP/11.0", b"GET / HTTP/1,1", b"GET / HTTP/ 1.1", b"GET / HTTP/a.1", b"GET / HTTPS/1.1", b"GET ", b" ",
    ],
)  # fmt: skip
def test_broken_request_lines(line: bytes) -> None:
    """A request line with this is no request."""
    assert status(head(line)) == 400


@pytest.mark.parametrize("version", [b"HTTP/2.0", b"HTTP/0.9", b"HTTP/3.1", b"HTTP/9.9"])
def test_other_versions(version: bytes) -> None:
    """A well-formed version of another major number is 505."""
    assert status(head(b"GET / " + version)) == 505


@pytest.mark.parametrize(
    "field",
    [
        b"X", b": x", b"X : y", b"X\t: y", b"X y: z", b" X: y", b"\tX: y", b"X: y\r\n z", b"X: y\r\n\tz", b"X: a\0b", b"X: a\x01b", b"X: a\x7f",
        b"X: a\x1b[0m", b"X\xe9: y", b"X(: y", b'"X": y', b"X: a\x0b", b"X:\x0c",
    ],
)  # fmt: skip
def test_broken_fields(field: bytes) -> None:
    """A field with this is no request, wherever it stands."""
    assert status(head(b"GET / HTTP/1.1", field)) == 400
    assert status(head(b"GET / HTTP/1.1", b"A: b", field, b"C: d")) == 400
    assert status(b"GET / HTTP/1.1\r\n" + field + b"\r\nHost: a\r\n\r\n") == 400


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n\n", b"GET / HTTP/1.1\n",
        b"\nGET / HTTP/1.1\r\n", b"\rGET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nX: a\rb\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\rX: y", b"\r\n\n", b"GET / HTTP/1.1\r\nHost: a\n\n",
    ],
)  # fmt: skip
def test_bare_line_ends(data: bytes) -> None:
    """A line feed alone, or a carriage return anywhere else, is refused as soon as it is there."""
    assert status(data) == 400


def test_a_line_feed_behind_a_body_that_ends_with_a_carriage_return() -> None:
    """What ends a body does not make a line end of what follows."""
    assert status(head(POST, b"Content-Length: 1") + b"\r\nGET") == 400


@pytest.mark.parametrize(
    "host",
    [
        b"a b",
        b"a/b",
        b"u@a",
        b"a:b",
        b"a:80:80",
        b"[::1",
        b"[::g]",
        b"[1:2]",
        b":80",
        b"a,b c",
        b"http://a",
        b"a\xc3\xa9",
        b"a\\b",
        b"%4",
    ],
)
def test_what_is_no_host(host: bytes) -> None:
    """A Host with this is refused, in HTTP/1.0 too."""
    assert status(head(host=b"Host: " + host)) == 400
    assert status(head(b"GET / HTTP/1.0", host=b"Host: " + host)) == 400


@pytest.mark.parametrize(
    "host", [b"", b"a", b"a.b:80", b"127.0.0.1:", b"[::1]:8080", b"a_b", b"%41", b"[v1.a:b]", b"xn--a"]
)
def test_what_is_a_host(host: bytes) -> None:
    """A name or an address, with a port or without, and none at all are hosts."""
    assert status(head(host=b"Host: " + host)) is None


def test_hosts_are_counted() -> None:
    """None in HTTP/1.1 is refused, and so are two in any request."""
    assert status(head(host=None)) == 400
    assert status(head(b"GET http://a/ HTTP/1.1", host=None)) == 400
    assert status(head(b"GET / HTTP/1.1", b"hOST: here")) == 400
    assert status(head(b"GET / HTTP/1.0", b"Host: here")) == 400


@pytest.mark.parametrize(
    "length", [b"+5", b"-5", b"0x5", b"5.0", b"5, 5", b"", b"5 5", b"\xb2", b"five", b"5;", b"1e3"]
)
def test_lengths_that_are_none(length: bytes) -> None:
    """Anything but digits is no length."""
    assert status(head(POST, b"Content-Length: " + length) + b"hello") == 400


def test_lengths() -> None:
    """Two are refused, even the same; a number beyond all numbers is too long; zeros before it mean nothing."""
    assert status(head(POST, b"Content-Length: 5", b"Content-Length: 5") + b"hello") == 400
    assert status(head(POST, b"Content-Length: 5", b"content-length: 6") + b"hello") == 400
    assert status(head(POST, b"Content-Length: " + b"9" * 5000)) == 413
    assert seen(head(POST, b"Content-Length: " + b"0" * 5000 + b"5") + b"hello")[1] == ("body", b"hello")


@pytest.mark.parametrize(
    ("coding", "expected"),
    [
        (b"gzip, chunked", 501), (b"gzip", 400), (b"identity", 400), (b"chunked, gzip", 400), (b"chunked, chunked", 400), (b"", 400),
        (b"chunked, identity, chunked", 400), (b"xchunked", 400), (b"chunked;a=b", 400), (b'"chunked"', 400), (b"chunked,", 400),
    ],
)  # fmt: skip
def test_codings(coding: bytes, expected: int) -> None:
    """Only chunked is known, once and last."""
    assert status(head(POST, b"Transfer-Encoding: " + coding) + b"0\r\n\r\n") == expected


def test_codings_and_other_framing() -> None:
    """Chunks beside a length are refused in any order, so are two fields of it, and any coding in HTTP/1.0."""
    coding = b"Transfer-Encoding: chunked"

    assert status(head(POST, coding, b"Content-Length: 5") + b"0\r\n\r\n") == 400
    assert status(head(POST, b"Content-Length: 5", coding) + b"0\r\n\r\n") == 400
    assert status(head(POST, coding, coding) + b"0\r\n\r\n") == 400
    assert status(head(POST, b"Transfer-Encoding: gzip", coding) + b"0\r\n\r\n") == 501
    assert status(head(b"POST / HTTP/1.0", coding) + b"0\r\n\r\n") == 400
    assert status(head(b"POST / HTTP/1.0", b"Transfer-Encoding: gzip, chunked")) == 400


@pytest.mark.parametrize(
    "chunks",
    [
        b"\r\n", b"x\r\n", b"0x5\r\n", b"+5\r\n", b"-5\r\n", b" 5\r\n", b"5 \r\n", b"5\t\r\n", b"5\n", b"5;a\n", b"5;a\rb\r\n", b"5;\0\r\n",
        b"0" * 17 + b"\r\n", b"1\r\nab\r\n", b"1\r\na\n", b"1\r\na0\r\n", b"0\r\nX\r\n\r\n", b"0\r\n X: y\r\n\r\n", b"0\r\nX: y\n\r\n",
        b"0\r\n\n", b"0\r\nX : y\r\n\r\n", b"0\r\nX: \0\r\n\r\n", b"5 a\r\n", b";a\r\n", b"5,5\r\n",
    ],
)  # fmt: skip
def test_broken_chunks(chunks: bytes) -> None:
    """A body in chunks with this is refused."""
    assert status(CHUNKS + chunks) == 400


@pytest.mark.parametrize("digits", [b"F" * 16, b"0" * 15 + b"5", b"7fffffffffffffff"])
def test_sizes_of_sixteen_digits(digits: bytes) -> None:
    """Sixteen digits are a size, and one beyond the limit is too long."""
    assert status(CHUNKS + digits + b"\r\n") == (None if digits.endswith(b"05") else 413)


def test_an_answer_to_head_has_no_body_even_if_it_is_a_refusal() -> None:
    """A refusal says whether the request was one of HEAD, as far as that had come."""
    assert seen(head(b"HEAD / HTTP/1.1", b"X"))[-1] == ("refused", 400, True)
    assert seen(head(b"HEAD / HTTP/1.1", b"Content-Length: 100"), body=1)[-1] == ("refused", 413, True)
    assert seen(head(b"GET / HTTP/1.1", b"X"))[-1] == ("refused", 400, False)
