"""Requests as bytes, and lines for a shell that send the same ones."""

import subprocess

import pytest
from hypothesis import given, settings, strategies as st

from climb.judge.drivers.http1 import Sent, Spoken, by_hand, chunked, request

HOST = "127.0.0.1:4000"


def sent_by(line: str) -> bytes:
    """What a shell hands to nc for this line."""
    script = f"nc() {{ cat; }}; sleep() {{ :; }}; PORT=1; {line}"
    return subprocess.run(["/bin/sh", "-c", script], check=True, capture_output=True).stdout


def test_a_request_has_host_and_length() -> None:
    """Host first, and the length of the body unless a field tells its end."""
    plain = request("GET", "/a?b", [("X-A", "1")], host=HOST)
    with_body = request("POST", "/echo", body=b"hello", host=HOST, version="1.0")
    in_chunks = request("POST", "/", [("Transfer-Encoding", "chunked")], chunked(b"hello"), host=HOST)
    other = request("GET", "/", [("host", "x"), ("Content-Length", "7")], b"hello", host=HOST)

    assert plain == b"GET /a?b HTTP/1.1\r\nHost: 127.0.0.1:4000\r\nX-A: 1\r\n\r\n"
    assert with_body == b"POST /echo HTTP/1.0\r\nHost: 127.0.0.1:4000\r\nContent-Length: 5\r\n\r\nhello"
    assert in_chunks.endswith(b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
    assert other == b"GET / HTTP/1.1\r\nhost: x\r\nContent-Length: 7\r\n\r\nhello"


def test_chunks_are_written_as_they_are_wanted() -> None:
    """Sizes in either case, extensions behind them, trailers behind the last one; what is left is a chunk of its own."""
    written = chunked(b"a" * 12, [10], extensions=["", ";x=1", " ;last"], trailers=[("T", "1")], upper=True)

    assert written == b"A\r\naaaaaaaaaa\r\n2;x=1\r\naa\r\n0 ;last\r\nT: 1\r\n\r\n"
    assert chunked(b"") == b"0\r\n\r\n"
    assert chunked(b"ab", [0, 5, 5]) == b"2\r\nab\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (request("GET", "/healthz", host=HOST), "curl -si http://127.0.0.1:$PORT/healthz"),
        (request("GET", "/a?x=1&y", host=HOST), "curl -si \"http://127.0.0.1:$PORT\"'/a?x=1&y'"),
        (request("HEAD", "/", host=HOST), "curl -si -I http://127.0.0.1:$PORT/"),
        (request("DELETE", "/", host="a.b"), "curl -si -X DELETE -H 'Host: a.b' http://127.0.0.1:$PORT/"),
        (
            request("POST", "/", [("X-A", ""), ("X-A", "1")], b"{'a'}", host=HOST),
            "curl -si -H 'X-A;' -H 'X-A: 1' -H Content-Type: --data-binary '{'\"'\"'a'\"'\"'}' http://127.0.0.1:$PORT/",
        ),
        (
            request("PUT", "/", [("Content-Type", "a/b")], b"x", host=HOST),
            "curl -si -X PUT -H 'Content-Type: a/b' --data-binary x http://127.0.0.1:$PORT/",
        ),
        (request("GET", "/a/../[b]", host=HOST), "curl -si -g --path-as-is \"http://127.0.0.1:$PORT\"'/a/../[b]'"),
        (request("GET", "/", host=HOST, version="1.0"), "curl -si --http1.0 http://127.0.0.1:$PORT/"),
    ],
)
def test_a_plain_request_is_one_for_curl(data: bytes, line: str) -> None:
    """With what curl must be told, and without what it does by itself."""
    assert by_hand([Sent(data)]) == line


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\nHost: a\n\n",
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nA : b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nA: %s'\\n\x00\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nA:b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nA: \tb\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nA: b \r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nA:  \r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na\nb",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na",
        b"GET / HT",
        b"-n 1",
    ],
)
def test_what_curl_cannot_say_is_printed(data: bytes) -> None:
    """To the byte."""
    line = by_hand([Sent(data)])

    assert line.startswith("printf '")
    assert line.endswith("' | nc 127.0.0.1 $PORT")
    assert sent_by(line) == data


@given(st.lists(st.binary(max_size=12), min_size=2, max_size=4))
@settings(max_examples=25, deadline=None)
def test_any_bytes_are_printed_as_they_were(pieces: list[bytes]) -> None:
    """In their pieces, whatever they are, and on one line."""
    line = by_hand([Sent(piece) for piece in pieces], half_closed=True)

    assert "\n" not in line
    assert line.endswith("| nc -N 127.0.0.1 $PORT")
    assert sent_by(line) == b"".join(pieces)


def test_pauses_are_kept() -> None:
    """A short one stands where pieces would be taken for one."""
    line = by_hand([Sent(b"a", 1.5), Sent(b"b"), Sent(b"c", 9)])

    assert line == "{ printf 'a'; sleep 1.5; printf 'b'; sleep 0.1; printf 'c'; } | nc 127.0.0.1 $PORT"


@pytest.mark.parametrize(
    "data", [b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", b"0" * 64, b"A" * 500_000 + b"Z" * 64]
)
def test_a_letter_many_times_is_short(data: bytes) -> None:
    """As in heads of exactly the longest length."""
    line = by_hand([Sent(data)])

    assert len(line) < 200
    assert sent_by(line) == data


@pytest.mark.parametrize("sent", [[], [Sent(b"a")] * 7, [Sent(b"ab" * 1000)], [Sent(b"\xff" * 1000)]])
def test_nobody_pastes_a_page(sent: list[Sent]) -> None:
    """Nothing, many pieces, and what is long have no line."""
    assert by_hand(sent) == ""


def test_what_is_spoken_is_kept_while_it_is_short() -> None:
    """Longer talks have no line, from then on."""
    spoken = Spoken("PORT")
    for _ in range(6):
        spoken.add(b"a", 0.0, 0)
    six = spoken.by_hand()
    spoken.add(b"a", 0.0, 0)
    seven = spoken.by_hand()

    assert six.count("printf") == 6
    assert seven == spoken.by_hand() == ""


def test_the_port_has_the_name_of_its_variable() -> None:
    """As it was given to the program."""
    assert (
        by_hand([Sent(request("GET", "/", host=HOST))], port="ADMIN_PORT") == "curl -si http://127.0.0.1:$ADMIN_PORT/"
    )
    assert by_hand([Sent(b"\r\n")], port="ADMIN_PORT").endswith("nc 127.0.0.1 $ADMIN_PORT")
