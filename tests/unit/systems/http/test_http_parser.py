"""Requests out of bytes: cut anywhere, well-formed in every way that the brief allows."""

from __future__ import annotations

from http_requests import head, seen, status
from hypothesis import given, settings, strategies as st

from climb.systems.http.head import Head
from climb.systems.http.parser import Parser

LIMITS = {"head": 256, "body": 64}

token = st.text("abcXYZ019!#$%&'*+-.^_`|~", min_size=1, max_size=8).map(str.encode)
value = st.binary(max_size=20).map(lambda data: bytes(byte for byte in data if byte == 9 or 32 <= byte != 127))
target = st.text("/abc%2F?&=+:@!", max_size=10).map(lambda text: ("/" + text.replace("%", "%41")).encode())


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """A request that is well-formed."""
    method, where = draw(token), draw(target)
    fields = [name + b":" + draw(value) for name in draw(st.lists(token.map(lambda name: b"X-" + name), max_size=3))]
    body = draw(st.binary(max_size=30))
    how = draw(st.sampled_from(["none", "length", "chunks"]))
    if how == "none":
        return head(method + b" " + where + b" HTTP/1.1", *fields)
    if how == "length":
        return head(method + b" " + where + b" HTTP/1.1", *fields, b"Content-Length: %d" % len(body)) + body
    chunks = b"".join(
        b"%x%b\r\n%b\r\n"
        % (len(body[at : at + 7]), draw(st.sampled_from([b"", b";a=b", b' ; q="x;y"'])), body[at : at + 7])
        for at in range(0, len(body), 7)
    )
    trailers = b"".join(b"T-%b: %b\r\n" % (name, b"1") for name in draw(st.lists(token, max_size=2)))
    return (
        head(method + b" " + where + b" HTTP/1.1", *fields, b"Transfer-Encoding: chunked")
        + chunks
        + b"0\r\n"
        + trailers
        + b"\r\n"
    )


FRAGMENTS = [
    b"GET / HTTP/1.1\r\n", b"HEAD /x HTTP/1.0\r\n", b"POST /%41 HTTP/1.1\r\n", b"Host: a\r\n", b"Content-Length: 5\r\n", b"hello",
    b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n", b"\r\n", b"\n", b"\r", b" ", b":", b"5\r\n", b"0\r\n", b"a;b\r\n",
    b"X: y\r\n", b"GET", b"HTTP/2.0", b"\0", b"\xff", b"1" * 40, b"z" * 100, b"F" * 17,
]  # fmt: skip


@given(st.lists(requests(), max_size=4), st.lists(st.integers(0, 900), max_size=12), st.booleans())
def test_any_cut_of_requests_gives_the_same(some: list[bytes], cuts: list[int], bytewise: bool) -> None:
    """Requests in a row are the same events in one piece, in several, and byte by byte; none of them is refused."""
    data = b"".join(some)
    whole = seen(data)

    assert seen(data, range(len(data)) if bytewise else cuts) == whole
    assert [event[0] for event in whole].count("head") == len(some)


@settings(max_examples=300)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=14), st.lists(st.integers(0, 400), max_size=8), st.booleans())
def test_any_cut_of_anything_gives_the_same(fragments: list[bytes], cuts: list[int], bytewise: bool) -> None:
    """Whatever comes, and however wrong it is, the events and the refusal do not depend on where it is cut."""
    data = b"".join(fragments)

    assert seen(data, range(len(data)) if bytewise else cuts, **LIMITS) == seen(data, **LIMITS)


@given(st.binary(max_size=600))
def test_bytes_of_any_kind_end_well(data: bytes) -> None:
    """Arbitrary bytes are events, a refusal, or too few; never anything else, and nothing follows a refusal."""
    events = seen(data, range(0, len(data), 7), **LIMITS)

    assert all(event[0] != "refused" for event in events[:-1])


@given(st.lists(st.tuples(token, value), max_size=6), target, st.binary(max_size=40))
def test_what_was_written_is_read(pairs: list[tuple[bytes, bytes]], where: bytes, body: bytes) -> None:
    """Method, target, fields and body of a request are read as they were written, names in lower case, values without white space."""
    lines = [b"x-" + name + b": " + text for name, text in pairs]
    first, *rest = seen(head(b"PUT " + where + b" HTTP/1.1", *lines, b"Content-Length: %d" % len(body)) + body)

    assert first[1:3] == ("PUT", where)
    assert list(first[8:-1]) == [(b"x-" + name.lower(), text.strip(b" \t")) for name, text in pairs]
    assert rest == ([("body", body), ("end",)] if body else [])


def test_a_head_is_understood() -> None:
    """Target, path, query, version and closing are what the request says."""
    parser = Parser(16384, 1 << 20)
    parser.feed(head(b"GET /mirror/a%20b+c?x=%31&y?z HTTP/1.1", b"CONNECTION: foo ,\tClose"))
    event = parser.next()

    assert isinstance(event, Head)
    assert (event.path, event.query, event.target) == ("/mirror/a b+c", b"x=%31&y?z", b"/mirror/a%20b+c?x=%31&y?z")
    assert (event.minor, event.closes, event.length) == (1, True, 0)


def test_paths_are_decoded_once() -> None:
    """A percent sign that was encoded stays one, and names may be in any script."""
    paths = {b"/%2525": "/%25", b"/%2B+": "/++", b"/%e2%82%AC": "/€", b"/a%2Fb": "/a/b"}

    assert {raw: seen(head(b"GET " + raw + b" HTTP/1.1"))[0][3] for raw in paths} == paths


def test_whole_urls_are_paths_too() -> None:
    """Of a whole URL the path and the query count; without a path it is /."""
    told = {
        b"http://a/b?c": ("/b", b"c"),
        b"http://a:80": ("/", b""),
        b"http://a?q": ("/", b"q"),
        b"HTTP://[::1]:8/x%20y": ("/x y", b""),
    }

    assert {url: seen(head(b"GET " + url + b" HTTP/1.1"))[0][3:5] for url in told} == told


def test_versions() -> None:
    """HTTP/1.0 needs no Host and closes; all later ones are 1.1."""
    assert seen(head(b"GET / HTTP/1.0", host=None))[0][5:7] == (0, True)
    assert seen(head(b"GET / HTTP/1.9"))[0][5:7] == (1, False)


def test_empty_lines_before_a_request_are_ignored() -> None:
    """Any number of them, and between requests; they do not count into the head."""
    one = head(b"GET / HTTP/1.1")
    events = seen(b"\r\n" * 500 + one + b"\r\n\r\n" + one, range(2000), head=256)

    assert [event[0] for event in events] == ["head", "head"]


def test_a_request_that_waits_is_only_bytes() -> None:
    """What is fed beyond a request is not judged before it is asked for."""
    parser = Parser(16384, 1 << 20)
    parser.feed(head(b"GET /a HTTP/1.1") + b"no request\r\n\r\n")
    first = parser.next()

    assert isinstance(first, Head)
    assert parser.waiting == len(b"no request\r\n\r\n")
    assert not parser.within


def test_within_tells_a_request_that_has_begun() -> None:
    """A byte of a head begins a request; empty lines do not, nor half of one."""
    parser = Parser(16384, 1 << 20)
    told = []
    for piece in (b"\r\n\r", b"\n", b"G", b"ET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", b"x"):
        parser.feed(piece)
        while parser.next() is not None:
            pass
        told.append(parser.within)

    assert told == [False, False, True, True, False]


def test_trailers_stay_apart() -> None:
    """Trailer fields come with the end of the body and change nothing about the request."""
    chunked = head(b"POST / HTTP/1.1", b"Transfer-Encoding: Chunked")
    events = seen(chunked + b"A ;x=1\r\n0123456789\r\n000\r\nContent-Length: 7\r\nX-T:  v \r\n\r\n" + head())

    assert [event[0] for event in events] == ["head", "body", "end", "head"]
    assert events[1:3] == [("body", b"0123456789"), ("end", (b"content-length", b"7"), (b"x-t", b"v"))]


def test_limits_are_exact() -> None:
    """A head, a body, a size line and trailers of exactly the limit are read."""
    line = b"GET / HTTP/1.1\r\nHost: a\r\nX: "
    chunks = head(b"POST / HTTP/1.1", b"Transfer-Encoding: chunked")
    extension = b"1;" + b"e" * 4094

    assert status(line + b"x" * (256 - len(line) - 4) + b"\r\n\r\n", head=256) is None
    assert status(line + b"x" * (257 - len(line) - 4) + b"\r\n\r\n", head=256) == 431
    assert status(head(b"POST / HTTP/1.1", b"Content-Length: 64") + b"x" * 64, body=64) is None
    assert status(head(b"POST / HTTP/1.1", b"Content-Length: 65"), body=64) == 413
    assert status(chunks + b"40\r\n" + b"x" * 64 + b"\r\n0\r\n\r\n", body=64) is None
    assert status(chunks + b"40\r\n" + b"x" * 64 + b"\r\n1\r\n", body=64) == 413
    assert status(chunks + extension + b"\r\nx\r\n0\r\n\r\n") is None
    assert status(chunks + extension + b"e\r\nx\r\n0\r\n\r\n") == 400
    assert status(chunks + b"0\r\nT: " + b"t" * (256 - 3 - 4) + b"\r\n\r\n", head=256) is None
    assert status(chunks + b"0\r\nT: " + b"t" * (257 - 3 - 4) + b"\r\n\r\n", head=256) == 431


def test_what_is_kept_is_bounded() -> None:
    """A head, an extension or trailers without an end are refused once they are too long; endless empty lines keep nothing."""
    parser = Parser(256, 64)
    for _ in range(1000):
        parser.feed(b"\r\n" * 1000)
        assert parser.next() is None

    assert parser.waiting == 0
    assert status(b"GET /" + b"a" * 300, head=256) == 414
    assert status(b"GET / HTTP/1.1\r\nX: " + b"a" * 300, head=256) == 431
    assert status(b"a" * 300, head=256) == 414
    assert status(head(b"POST / HTTP/1.1", b"Transfer-Encoding: chunked") + b"1;" + b"x" * 5000) == 400
    assert status(head(b"POST / HTTP/1.1", b"Transfer-Encoding: chunked") + b"0\r\nX: " + b"x" * 300, head=256) == 431
