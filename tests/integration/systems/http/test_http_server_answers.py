"""What the running server answers, and in which order."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from http_server_clients import HttpService, request

Start = Callable[..., HttpService]


def test_a_sign_of_life(server: Start) -> None:
    """The answer says ok, now, and how long it is; it closes when it was asked to."""
    before = datetime.now(UTC).replace(microsecond=0)
    answer = server().get("/healthz")
    date = datetime.strptime(answer.fields["date"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)

    assert (answer.status, answer.body) == (200, b"ok")
    assert answer.fields["content-type"] == "text/plain"
    assert answer.fields["connection"] == "close"
    assert before <= date <= datetime.now(UTC)


@pytest.mark.parametrize(
    "wrong",
    [
        {"port": None}, {"root": None}, {"root": "/nowhere"}, {"port": "0"}, {"port": "65536"}, {"max_head_bytes": "255"},
        {"max_body_bytes": "-1"}, {"head_ms": "0"}, {"stall_ms": "1.5"}, {"idle_ms": "1000000001"}, {"head_ms": ""}, {"idle_ms": "+5"},
    ],
)  # fmt: skip
def test_wrong_settings(server: Start, wrong: dict[str, object]) -> None:
    """A wrong variable is named in one line, and the exit code is 2."""
    service = server(ready=False, **wrong)

    assert service.process.wait(60) == 2
    errors = service.errors()
    assert errors.startswith(next(iter(wrong)).upper() + ":")
    assert errors.count("\n") == 1


def test_a_port_in_use(server: Start) -> None:
    """Nor is a port that somebody else listens at a right one."""
    service = server(ready=False, port=server().port)

    assert service.process.wait(60) == 2
    assert service.errors().startswith("PORT: ")


def test_places_and_methods(server: Start) -> None:
    """What is not there is 404, a method that has no place is 405 and told which have, an unknown one 501; all on one connection."""
    asked = [
        ("GET", "/", 404), ("GET", "/healthz/", 404), ("GET", "/healthzz", 404), ("POST", "/healthz", 405), ("GET", "/echo", 405),
        ("FOO", "/", 501), ("get", "/healthz", 501), ("HEAD", "/healthz", 200), ("HEAD", "/nowhere", 404), ("DELETE", "/mirror", 200),
        ("GET", "/mirror/x/y", 200), ("GET", "/mirrors", 404), ("OPTIONS", "/mirror", 501), ("PATCH", "/files/a", 405),
        ("GET", "/%68ealthz", 200), ("GET", "/healthz?x", 200),
    ]  # fmt: skip
    service = server()
    with service.connect() as client:
        client.send(b"".join(request(method, target, body=b"body" * (method != "HEAD")) for method, target, _ in asked))
        answers = [client.answer(method) for method, _, _ in asked]

    assert [answer.status for answer in answers] == [status for *_, status in asked]
    assert answers[3].fields["allow"] == "GET, HEAD"
    assert answers[7].fields["content-length"] == "2"


def test_the_mirror(server: Start) -> None:
    """It shows what was read."""
    with server().connect() as client:
        client.send(request("PUT", "/mirror/a%20b?x=1&y", "X-Tag:  one", "x-tag:", "X-Y: \xe9", body=b"hello"))
        shown = json.loads(client.answer().body)

    assert shown["target"] == "/mirror/a%20b?x=1&y"
    assert (shown["method"], shown["path"], shown["query"], shown["version"]) == ("PUT", "/mirror/a b", "x=1&y", "1.1")
    assert shown["fields"] == [
        ["host", "here"],
        ["x-tag", "one"],
        ["x-tag", ""],
        ["x-y", "\xe9"],
        ["content-length", "5"],
    ]
    assert shown["body_bytes"] == 5
    assert shown["body_sha256"] == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    assert shown["trailers"] == []


def test_the_mirror_for_head_is_as_long_as_for_get(server: Start) -> None:
    """An answer to HEAD announces the length that the same request would have with GET."""
    service = server()
    lengths = [service.get("/mirror/x", method=method).fields["content-length"] for method in ("GET", "HEAD")]

    assert lengths[0] == lengths[1]


@pytest.mark.parametrize("size", [0, 1, 16_384, 16_385, 1_000_000])
def test_the_echo(server: Start, size: int) -> None:
    """A body comes back as it was, however long, with its type."""
    body = bytes(range(256)) * (size // 256) + b"\r\n\r\n"[: size % 256]
    with server().connect() as client:
        client.send(request("POST", "/echo", "Content-Type: a/b;c", body=body) + request("PUT", "/echo"))
        first, second = client.answer(), client.answer()

    assert (first.body, first.fields["content-type"]) == (body, "a/b;c")
    assert (second.body, second.fields["content-type"]) == (b"", "application/octet-stream")


def test_answers_come_in_order_and_whole(server: Start) -> None:
    """Requests of all kinds in one segment, with half of another, are answered in order; the half waits for its rest."""
    service = server()
    (service.root / "big").write_bytes(b"x" * 3_000_000)
    last = request("GET", "/mirror/last")
    with service.connect() as client:
        client.send(
            request("GET", "/count?to=3&pause_ms=20")
            + request("GET", "/files/big")
            + request("POST", "/echo", body=b"e" * 100_000)
            + request("HEAD", "/count?to=3")
            + request("GET", "/files/nothing")
            + request("GET", "/count?to=20000")
            + last[:20]
        )
        answers = [client.answer(method) for method in ("GET", "GET", "POST", "HEAD", "GET", "GET")]
        client.send(last[20:])
        shown = json.loads(client.answer().body)

    assert [answer.body for answer in answers[:2]] == [b"1\n2\n3\n", b"x" * 3_000_000]
    assert answers[2].body == b"e" * 100_000
    assert [answer.status for answer in answers] == [200, 200, 200, 200, 404, 200]
    assert answers[5].body == b"".join(b"%d\n" % number for number in range(1, 20_001))
    assert shown["path"] == "/mirror/last"


def test_thousands_of_requests_in_a_row(server: Start) -> None:
    """A client that sends faster than it reads gets an answer to each."""
    service = server()
    count = 20_000
    with service.connect() as client:
        client.socket.setblocking(False)
        left, received = memoryview(request("GET", "/healthz") * count), bytearray()
        deadline = time.monotonic() + 60
        while received.count(b"\r\n\r\nok") < count and time.monotonic() < deadline:
            with suppress(BlockingIOError):
                left = left[client.socket.send(left) :] if left else left
            try:
                received += client.socket.recv(1 << 20)
            except BlockingIOError:
                time.sleep(0.001)

    assert received.count(b"\r\n\r\nok") == count


def test_a_client_that_has_shut_down_gets_all_answers(server: Start) -> None:
    """Its end of sending is no end of reading, neither behind a slow answer nor a long one."""
    with server().connect() as client:
        client.send(
            request("GET", "/count?to=3&pause_ms=50") + request("GET", "/count?to=100000") + request("GET", "/healthz")
        )
        client.half_close()
        answers = [client.answer() for _ in range(3)]
        rest = client.rest()

    assert [len(answer.body) for answer in answers] == [6, 588_895, 2]
    assert rest == b""


@pytest.mark.parametrize("before", ["/healthz", "/count?to=12", "/count?to=2&pause_ms=50"])
def test_half_a_head_behind_an_answer_is_refused(server: Start, before: str) -> None:
    """What is cut short is 400 behind every answer, also one that was still on its way when the end of the input came."""
    with server().connect() as client:
        client.send(request("GET", before) + b"GET /d HTTP.10\r\n")
        client.half_close()
        first, second, rest = client.answer(), client.answer(), client.rest()

    assert [first.status, second.status] == [200, 400]
    assert rest == b""


def test_behind_close_nothing_is_read(server: Start) -> None:
    """After the answer to a request that says close, whatever the case and place of the word, comes the end."""
    for field in ("Connection: close", "connection: foo, CLOSE ,bar"):
        with server().connect() as client:
            client.send(request("GET", "/healthz", field) + request("GET", "/healthz"))
            answer = client.answer()

            assert answer.fields["connection"] == "close"
            assert client.rest() == b""


def test_http_1_0_gets_no_chunks(server: Start) -> None:
    """Its answers end with the connection."""
    with server().connect() as client:
        client.send(b"GET /count?to=3 HTTP/1.0\r\n\r\n")
        answer = client.answer()

    assert (answer.body, "transfer-encoding" in answer.fields, answer.fields["connection"]) == (
        b"1\n2\n3\n",
        False,
        "close",
    )


@pytest.mark.parametrize(
    "query", ["", "to=", "to=-1", "to=x", "to=10000001", "to=1&pause_ms=60001", "to=1&to=2", "pause_ms=1", "to=%C2%B2"]
)
def test_counting_needs_numbers(server: Start, query: str) -> None:
    """A missing or wrong parameter is 400."""
    assert server().get(f"/count?{query}").status == 400


def test_lines_come_when_they_are_made(server: Start) -> None:
    """The first line is there long before the last could be."""
    with server().connect() as client:
        client.send(request("GET", "/count?to=3&pause_ms=60000"))
        head = client.head()
        first = next(iter(client.chunks()))

    assert head.fields["transfer-encoding"] == "chunked"
    assert first == b"1\n"


def test_continue(server: Start) -> None:
    """A client that waits is told to go on if its body is wanted, and the error at once if not; its body is read even so."""
    service = server(max_body_bytes=100)
    with service.connect() as client:
        client.send(request("POST", "/echo", "Expect: 100-Continue", "Content-Length: 5"))
        interim = client.head()
        client.send(b"hello")
        echoed = client.answer()
        client.send(request("POST", "/nowhere", "Expect: 100-continue", "Content-Length: 5"))
        missing = client.answer()
        client.send(
            b"hello"
            + request("POST", "/echo", "Expect: 200-ok", "Content-Length: 2")
            + b"hi"
            + request("GET", "/healthz")
        )
        odd, alive = client.answer(), client.answer()
    with service.connect() as client:
        client.send(request("POST", "/echo", "Expect: 100-continue", "Content-Length: 101"))
        too_long, rest = client.answer(), client.rest()

    assert (interim.status, interim.fields, echoed.body) == (100, {}, b"hello")
    assert [answer.status for answer in (missing, odd, alive, too_long)] == [404, 417, 200, 413]
    assert rest == b""


@pytest.mark.parametrize("framing", ["Content-Length: 10", "Transfer-Encoding: chunked"])
def test_a_cut_body_is_no_request(server: Start, framing: str) -> None:
    """What was announced and not sent is not answered with 200."""
    with server().connect() as client:
        client.send(request("POST", "/echo", framing) + (b"5\r\nhello\r\n" if "chunked" in framing else b"hello"))
        client.half_close()
        answer, rest = client.answer(), client.rest()

    assert (answer.status, rest) == (400, b"")


@pytest.mark.parametrize(
    ("broken", "status"),
    [
        (b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400), (b"GET / HTTP/1.1\n", 400), (b"GET / HTTP/3.0\r\n\r\n", 505), (b"GET /" + b"a" * 70000, 414),
        (b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400),
        (b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 70000, 431), (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n", 413),
    ],
)  # fmt: skip
def test_behind_a_refusal_nothing_is_read(server: Start, broken: bytes, status: int) -> None:
    """A request that is none is answered in its turn, then the connection closes, whatever good requests stand behind."""
    service = server()
    with service.connect() as client:
        client.send(request("GET", "/healthz") + broken + b"\r\n\r\n" + request("GET", "/healthz") * 3)
        first, second, rest = client.answer(), client.answer(), client.rest()

    assert (first.status, second.status, rest) == (200, status, b"")
    assert second.fields["connection"] == "close"
    assert service.get("/healthz").status == 200


def test_the_refusal_arrives(server: Start) -> None:
    """A client that sends 8 MiB more before it reads still gets to see why it was refused."""
    with server().connect() as client:
        client.send(request("POST", "/echo", "Content-Length: 99999999"))
        for _ in range(128):
            client.send(b"x" * 65536)
        answer = client.answer()

    assert answer.status == 413
