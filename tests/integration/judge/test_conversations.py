"""Raw conversations in HTTP/1.1: what is sent goes as it is, what comes back is read strictly, and how it ended is known."""

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from climb.judge.drivers.connection import ConnectionLost, TimedOut
from climb.judge.drivers.conversation import Conversation
from climb.judge.drivers.http1 import request
from climb.judge.drivers.service import Instance, Service, accepts
from climb.judge.evidence import Comparison, Exchange
from climb.judge.expect import Failure

MakeService = Callable[..., AbstractAsyncContextManager[Service]]


@pytest.fixture
async def server(service: MakeService) -> AsyncIterator[Instance]:
    """A service that answers as the target says."""
    async with (
        service("conversing") as driver,
        driver.started({}, ports=("PORT",), ready=accepts("PORT")) as instance,
    ):
        yield instance


def get(target: str, method: str = "GET") -> bytes:
    """A request without a body."""
    return request(method, target, host="127.0.0.1:1")


def told(failure: Failure) -> tuple[Comparison, Exchange]:
    """What a failure shows."""
    comparison, exchange = failure.evidence
    assert isinstance(comparison, Comparison)
    assert isinstance(exchange, Exchange)
    return comparison, exchange


async def test_one_answer_after_the_other_comes_over_one_connection(server: Instance) -> None:
    """Each with its times, in the order of the requests."""
    conversation = await server.converse("PORT")
    first, second = await conversation.ask(get("/")), await conversation.ask(get("/head", "HEAD"))

    assert (first.text, second.text, second.method) == ("hello", "", "HEAD")
    assert first.asked_at <= first.began_at <= first.ended_at <= second.asked_at
    assert first.about == "GET /"


async def test_requests_in_a_row_are_answered_in_a_row(server: Instance) -> None:
    """Sent at once, with the methods that say how the answers are to be read."""
    conversation = await server.converse("PORT")
    await conversation.send(get("/") + get("/head", "HEAD") + get("/"), methods=("GET", "HEAD", "GET"))
    answers = [await conversation.answer() for _ in range(3)]

    assert [answer.text for answer in answers] == ["hello", "", "hello"]
    assert conversation.answers == tuple(answers)


async def test_raw_bytes_are_answered_without_a_method(server: Instance) -> None:
    """What comes back is read as answers to GET."""
    conversation = await server.converse("PORT")
    await conversation.send(get("/") + get("/"))

    assert [(await conversation.answer()).status, (await conversation.answer()).status] == [200, 200]


async def test_pieces_go_out_one_by_one(server: Instance) -> None:
    """Cut at the offsets that were given, each a step of the transcript."""
    conversation = await server.converse("PORT")
    data = get("/")
    await conversation.ask(data, cuts=(4, 1), pause_s=0.001)
    sent = [message.text for message in conversation.exchange().messages if message.direction == "sent"]

    assert sent == [data[:1].decode(), data[1:4].decode(), data[4:].decode()]


async def test_an_answer_can_be_watched_as_it_comes(server: Instance) -> None:
    """When it began, its head, and its body so far."""
    conversation = await server.converse("PORT")
    await conversation.send(get("/half"), methods=("GET",))
    began = await conversation.some()
    early = await conversation.body(3)
    head, whole = conversation.head_so_far, conversation.answers
    await conversation.send(b"!", methods=("GET",))
    answer = await conversation.answer()

    assert early == b"hel"
    assert head is not None
    assert (head.status, whole) == (200, ())
    assert (answer.text, answer.began_at) == ("hello", began)


async def test_an_interim_answer_comes_before_the_final_one(server: Instance) -> None:
    """So the body is sent only then."""
    conversation = await server.converse("PORT")
    await conversation.send(get("/continue"), methods=("GET",))
    status = await conversation.interim()
    await conversation.send(b"12345", methods=("GET",))

    assert status == 100
    assert (await conversation.answer()).status == 200


async def test_a_final_answer_instead_of_an_interim_one_fails(server: Instance) -> None:
    """And is still there for a check that asks for it."""
    conversation = await server.converse("PORT")
    await conversation.send(get("/"), methods=("GET",))

    with pytest.raises(Failure) as raised:
        await conversation.interim()

    comparison, _ = told(raised.value)
    assert comparison.received == "200 OK"
    assert (await conversation.answer()).status == 200


async def test_the_end_of_the_connection_is_seen(server: Instance) -> None:
    """In order or by a reset, with its time; None while there is none."""
    closing, resetting, staying = [await server.converse("PORT") for _ in range(3)]
    answer = await closing.ask(get("/close"))
    await resetting.send(get("/reset"))
    await staying.ask(get("/"))

    assert [await closing.ended(), await resetting.ended(), await staying.ended(0.05)] == ["closed", "reset", None]
    assert closing.ended_at is not None
    assert closing.ended_at >= answer.began_at
    assert staying.ended_at is None


async def test_an_end_of_both_sides_is_one_in_order(server: Instance) -> None:
    """Although the kernel speaks of such a connection as of one that was reset."""
    conversation = await server.converse("PORT")
    await conversation.send(get("/"), methods=("GET",))
    await conversation.half_close()

    assert await conversation.ended() == "closed"
    assert (await conversation.answer()).text == "hello"


async def test_a_reset_is_seen_while_nothing_is_read(server: Instance) -> None:
    """The kernel knows of it."""
    conversation = await server.converse("PORT", reading=False)
    await conversation.send(get("/reset"))

    assert await conversation.ended() == "reset"


async def test_who_lets_go_of_a_client_that_does_not_read_is_seen(server: Instance) -> None:
    """Although the end of the stream stands behind bytes that nobody takes."""
    conversation = await server.converse("PORT", receive_buffer=4096)
    await conversation.ask(get("/"))
    conversation.stop_reading()
    await conversation.send(get("/gone"), methods=("GET",))
    before = await conversation.let_go(0.05)
    await conversation.send(b"!", methods=("GET",))
    at = await conversation.let_go()

    assert before is None
    assert at is not None
    assert await conversation.ended(0) is None


async def test_silence_is_no_byte(server: Instance) -> None:
    """What comes meanwhile breaks it."""
    conversation = await server.converse("PORT")
    await conversation.send(get("/none"))
    silent = await conversation.silent(0.05)
    await conversation.send(get("/"))

    assert (silent, await conversation.silent(30)) == (True, False)


async def test_what_is_not_read_stays_where_it_is(server: Instance) -> None:
    """Until reading goes on."""
    conversation = await server.converse("PORT", receive_buffer=4096, reading=False)
    await conversation.send(get("/large"), methods=("GET",))
    before = conversation.received_bytes
    conversation.go_on_reading()
    answer = await conversation.answer()

    assert (before, answer.body_bytes) == (0, 4 * 1024 * 1024)


async def test_a_large_body_can_be_counted_only(server: Instance) -> None:
    """Its hash tells as much as its bytes."""
    conversation = await server.converse("PORT", keep=False)
    answer = await conversation.ask(get("/large"))

    assert (answer.body, answer.body_bytes) == (b"", 4 * 1024 * 1024)
    assert answer.body_sha256 == hashlib.sha256(bytes(4 * 1024 * 1024)).hexdigest()


async def test_an_answer_before_all_is_sent_is_not_lost(server: Instance) -> None:
    """A program that refuses a long body and closes resets the connection while the judge sends; the answer was there before."""
    conversation = await server.converse("PORT")
    answer = await conversation.ask(get("/refuse") + bytes(16 * 1024 * 1024))

    assert answer.status == 413
    assert await conversation.ended() == "reset"


async def test_sending_on_tells_how_much_was_taken(server: Instance) -> None:
    """A connection that ends meanwhile is no failure: the check judges it."""
    conversation = await server.converse("PORT")
    await conversation.send(get("/refuse"), methods=("GET",))
    taken = await conversation.send_some(bytes(64 * 1024 * 1024), timeout_s=30)

    assert 0 < taken < 64 * 1024 * 1024
    assert (await conversation.answer()).status == 413


async def test_a_broken_rule_fails_with_its_place(server: Instance) -> None:
    """The line, the byte, the section, the transcript, and a line to try it by hand."""
    conversation = await server.converse("PORT")
    with pytest.raises(Failure) as raised:
        await conversation.ask(get("/spaced"))

    comparison, exchange = told(raised.value)
    assert raised.value.subject == "no field in the head"
    assert comparison.subject == "GET /spaced: line 2 of its head, byte 31 of what came"
    assert comparison.expected == "a colon right behind the name of a field"
    assert (comparison.received, comparison.mark) == ("Content-Length : 5", (14, 1))
    assert "RFC 9112, 5" in comparison.why
    assert exchange.by_hand == "curl -si http://127.0.0.1:$PORT/spaced"


@pytest.mark.parametrize(("target", "what"), [("/more", "bytes behind the answer"), ("/twice", "a further answer")])
async def test_bytes_behind_the_last_answer_are_too_many(server: Instance, target: str, what: str) -> None:
    """Where it is known how many answers are asked for; the connection's end shows it."""
    conversation = await server.converse("PORT")
    answer = await conversation.ask(get(target))
    await conversation.half_close()
    with pytest.raises(Failure) as raised:
        await conversation.ended()

    assert answer.text == "hello"
    assert raised.value.subject == what
    assert told(raised.value)[0].subject.startswith(f"behind GET {target}: byte 43 ")


async def test_a_cut_answer_is_a_lost_connection(server: Instance) -> None:
    """With how far it came."""
    conversation = await server.converse("PORT")
    with pytest.raises(ConnectionLost) as raised:
        await conversation.ask(get("/cut"))

    received = "its head, and 3 of 5 bytes of its body; then the program closed the connection"
    assert told(raised.value)[0].received == received


async def test_no_answer_times_out(server: Instance) -> None:
    """With how long it was waited for, and how far it came."""
    conversation = await server.converse("PORT")
    await conversation.send(get("/none"), methods=("GET",))
    with pytest.raises(TimedOut) as raised:
        await conversation.answer(0.2)

    assert told(raised.value)[0].received == "no byte of it within 0.2 s"


async def test_an_answer_can_be_blamed(server: Instance) -> None:
    """By what it is the answer to, with the transcript of its connection."""
    answer = await (await server.converse("PORT", name="a client")).ask(get("/"))
    with pytest.raises(Failure) as raised:
        answer.demand(404)

    comparison, exchange = told(raised.value)
    assert (comparison.subject, comparison.expected, comparison.received) == ("GET /", "status 404", "200 OK   hello")
    assert exchange.peer == "a client"


async def test_the_newest_conversation_is_evidence(service: MakeService) -> None:
    """Of a check that failed without a transcript; all are closed with the check."""
    async with service("conversing") as driver:
        instance = await driver.start({}, ports=("PORT",), ready=accepts("PORT"))
        older = await instance.converse("PORT", name="older")
        newer = await instance.converse("PORT", name="newer")
        await older.ask(get("/"))
        await newer.ask(get("/head", "HEAD"))
    exchanges = [piece for piece in driver.evidence(()) if isinstance(piece, Exchange)]

    assert [exchange.peer for exchange in exchanges] == ["newer"]
    assert exchanges[0].by_hand == "curl -si -I http://127.0.0.1:$PORT/head"


async def test_what_was_sent_piece_by_piece_is_so_by_hand(server: Instance) -> None:
    """With pauses where there were some, and where the judge waited for an answer."""
    conversation: Conversation = await server.converse("PORT")
    data = b"GET / HTTP/1.1\r\n\r\n"
    await conversation.ask(data)
    await conversation.ask(data, cuts=(3,), pause_s=0.25)
    await conversation.half_close()

    assert conversation.exchange().by_hand == (
        r"{ printf 'GET / HTTP/1.1\r\n\r\n'; sleep 0.5; printf 'GET'; sleep 0.25; printf ' / HTTP/1.1\r\n\r\n'; }"
        " | nc -N 127.0.0.1 $PORT"
    )
