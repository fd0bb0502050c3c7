"""The HTTP client and the stream of events: answers of every shape, and answers that are none."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from climb.judge.drivers.connection import ConnectionLost
from climb.judge.drivers.http import HttpClient
from climb.judge.drivers.service import Service, accepts
from climb.judge.evidence import Comparison, Exchange
from climb.judge.expect import Failure

MakeService = Callable[..., AbstractAsyncContextManager[Service]]
Answering = tuple[HttpClient, Path]


@pytest.fixture
async def answering(service: MakeService) -> AsyncIterator[Answering]:
    """A client of a service that answers with the bytes of the file ``answer``, and writes the request's head to ``head``."""
    async with service("answering") as driver:
        folder = driver.folder()
        env = {"DATA_DIR": folder}
        async with driver.started(env, ports=("PORT",), ready=accepts("PORT")) as instance:
            yield instance.http("PORT"), folder


CHUNKED = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n5\r\n": 1}\r\n0\r\n\r\n'
WITH_LENGTH = b'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{"a": 1}'
TO_THE_END = b'HTTP/1.1 200 OK\r\n\r\n{"a": 1}'
PROVISIONAL = b"HTTP/1.1 100 Continue\r\n\r\n" + WITH_LENGTH


@pytest.mark.parametrize("answer", [CHUNKED, WITH_LENGTH, TO_THE_END, PROVISIONAL])
async def test_a_body_is_read_to_its_end_however_that_is_told(answering: Answering, answer: bytes) -> None:
    """By a length, in chunks, or by the end of the connection."""
    http, folder = answering
    (folder / "answer").write_bytes(answer)

    response = await http.get("/")

    assert response.json() == {"a": 1}
    assert response.status == 200


async def test_fields_are_found_in_any_case(answering: Answering) -> None:
    """And those of one name are joined."""
    http, folder = answering
    (folder / "answer").write_bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-A: 1\r\nx-a: 2\r\n\r\n")

    response = await http.get("/")

    assert response.headers["X-a"] == "1, 2"
    assert response.headers.get("missing") is None


async def test_a_request_carries_what_was_given(answering: Answering) -> None:
    """Method, target, fields and the length of the body."""
    http, folder = answering
    (folder / "answer").write_bytes(WITH_LENGTH)

    await http.post("/ingest?x=1", b"12345", headers={"X-Mine": "yes"})

    head = (folder / "head").read_bytes().split(b"\r\n")
    assert head[0] == b"POST /ingest?x=1 HTTP/1.1"
    assert {b"x-mine: yes", b"content-length: 5"} <= set(head)


async def test_another_status_fails_with_what_came(answering: Answering) -> None:
    """The report shows the status, the body and the transcript."""
    http, folder = answering
    (folder / "answer").write_bytes(b"HTTP/1.1 500 Oh\r\nContent-Length: 5\r\n\r\nwrong")

    with pytest.raises(Failure) as raised:
        await http.get("/stats")

    comparison, exchange = raised.value.evidence
    assert isinstance(comparison, Comparison)
    assert (comparison.subject, comparison.expected, comparison.received) == (
        "GET /stats",
        "status 200",
        "500 Oh   wrong",
    )
    assert isinstance(exchange, Exchange)


@pytest.mark.parametrize(
    ("answer", "received"),
    [
        (b"", "no byte of it; then the program closed the connection"),
        (WITH_LENGTH[:-1], "its head, and 7 of 8 bytes of its body; then the program closed the connection"),
    ],
)
async def test_half_an_answer_is_none(answering: Answering, answer: bytes, received: str) -> None:
    """A connection that ends before the announced length was cut."""
    http, folder = answering
    (folder / "answer").write_bytes(answer)

    with pytest.raises(ConnectionLost) as raised:
        await http.get("/")

    assert getattr(raised.value.evidence[0], "received", "") == received


async def test_bytes_that_are_no_http_fail(answering: Answering) -> None:
    """As an answer that no client could read."""
    http, folder = answering
    (folder / "answer").write_bytes(b"hello\n")

    with pytest.raises(Failure) as raised:
        await http.get("/")

    assert getattr(raised.value.evidence[0], "expected", "") == "a status line, such as HTTP/1.1 200 OK"


async def test_a_body_that_is_no_json_fails(answering: Answering) -> None:
    """Where JSON is asked for."""
    http, folder = answering
    (folder / "answer").write_bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{oh}")
    response = await http.get("/")

    with pytest.raises(Failure) as raised:
        response.json()

    assert "{oh}" in getattr(raised.value.evidence[0], "received", "")


STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n"


async def test_events_come_one_by_one(answering: Answering) -> None:
    """With id, type and data; comments are counted; the end of the stream is None."""
    http, folder = answering
    events = b': hello\n\nevent: window\nid: a1\ndata: {"n": 1}\n\nevent: window\nid: a2\ndata: {"n": 2}\n\n'
    (folder / "answer").write_bytes(STREAM + events)

    async with http.events("/stream", last_event_id="a0") as stream:
        first, second, third = await stream.next(), await stream.next(), await stream.next()

    assert first is not None
    assert (first.id, first.event, first.json()) == ("a1", "window", {"n": 1})
    assert second is not None
    assert second.id == "a2"
    assert third is None
    assert stream.comments == 1
    assert b"last-event-id: a0" in (folder / "head").read_bytes()


async def test_waiting_for_an_event_behind_the_end_is_a_lost_connection(answering: Answering) -> None:
    """What was waited for is named."""
    http, folder = answering
    (folder / "answer").write_bytes(STREAM)

    async with http.events("/stream") as stream:
        with pytest.raises(ConnectionLost) as raised:
            await stream.until(lambda _event: True, what="a window")

    assert getattr(raised.value.evidence[0], "expected", "") == "a window"


async def test_another_type_is_no_stream_of_events(answering: Answering) -> None:
    """A browser would refuse it, and so does the judge."""
    http, folder = answering
    (folder / "answer").write_bytes(WITH_LENGTH)

    with pytest.raises(Failure) as raised:
        async with http.events("/stream"):
            pass

    assert getattr(raised.value.evidence[0], "expected", "") == "content-type: text/event-stream"
