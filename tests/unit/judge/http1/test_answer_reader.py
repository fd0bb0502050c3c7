"""The strict reader of answers: whole answers of every shape, in any pieces, and where one ends."""

import hashlib
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from climb.judge.drivers.http1 import Answer, AnswerReader, Asked, chunked

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n" + chunked(b"hello", [2])
TO_THE_END = b"HTTP/1.0 200 OK\r\n\r\nhello"
NO_BODY = b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 5\r\n\r\n'


def read(data: bytes, *methods: str | Asked, keep: bool = True) -> AnswerReader:
    """A reader that was given these bytes at once, and the end of the connection."""
    reader = AnswerReader(*methods or ("GET",), keep=keep)
    reader.feed(data)
    reader.end()
    return reader


def only(reader: AnswerReader) -> Answer:
    """The one answer of a reader that has nothing to complain of."""
    assert (reader.violation, reader.excess()) == (None, None)
    (answer,) = reader.answers
    return answer


@pytest.mark.parametrize(
    ("data", "framing"),
    [(PLAIN, "length"), (CHUNKS, "chunks"), (TO_THE_END, "close")],
    ids=["length", "chunks", "close"],
)
def test_a_body_ends_as_its_head_says(data: bytes, framing: str) -> None:
    """By a length, by the last chunk, or with the connection."""
    answer = only(read(data))

    assert (answer.status, answer.text, answer.framing) == (200, "hello", framing)


@pytest.mark.parametrize(
    ("method", "data"), [("HEAD", PLAIN[:-5]), ("HEAD", CHUNKS[: CHUNKS.index(b"\r\n\r\n") + 4]), ("GET", NO_BODY)]
)
def test_some_answers_end_with_their_head(method: str, data: bytes) -> None:
    """Those to HEAD and those with status 304, whatever their fields say of a body."""
    answer = only(read(data, method))

    assert (answer.body, answer.framing) == (b"", "none")


def test_the_next_answer_begins_where_the_last_one_ends() -> None:
    """Also behind one without a body."""
    reader = read(PLAIN + PLAIN[:-5] + NO_BODY + CHUNKS, "GET", "HEAD", "GET", "GET")

    assert [(answer.method, answer.text) for answer in reader.answers] == [
        ("GET", "hello"),
        ("HEAD", ""),
        ("GET", ""),
        ("GET", "hello"),
    ]
    assert reader.violation is None


def test_fields_keep_their_order_and_lose_white_space() -> None:
    """Names are in lower case; a name that came twice is there twice, and joined by a comma in the headers."""
    answer = only(read(b"HTTP/1.1 200 \r\nX-B: \t1 \r\nContent-Length:0\r\nx-b: 2\r\nEmpty:\r\n\r\n"))

    assert answer.fields == (("x-b", "1"), ("content-length", "0"), ("x-b", "2"), ("empty", ""))
    assert (answer.headers["X-B"], answer.values("X-b"), answer.reason) == ("1, 2", ["1", "2"], "")


def test_trailers_stay_apart_from_fields() -> None:
    """What comes behind the last chunk is no field of the head."""
    body = chunked(b"hello", [3], extensions=[";a=b", ' ; c = "d;\\""'], trailers=[("X-Sum", "1")], upper=True)
    answer = only(read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body))

    assert (answer.text, answer.trailers) == ("hello", (("x-sum", "1"),))
    assert "x-sum" not in answer.headers


def test_interim_answers_are_kept_apart() -> None:
    """The request is still to be answered after one."""
    reader = read(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + PLAIN)

    assert [(interim.status, interim.fields) for interim in reader.interims] == [(100, ()), (103, (("link", "x"),))]
    assert only(reader).status == 200


def test_a_body_can_be_counted_only() -> None:
    """Then nothing of it is kept, and its length and hash are known all the same."""
    kept, counted = only(read(CHUNKS)), only(read(CHUNKS, keep=False))

    assert (kept.body, counted.body) == (b"hello", b"")
    assert (kept.body_bytes, kept.body_sha256) == (5, hashlib.sha256(b"hello").hexdigest())
    assert (counted.body_bytes, counted.body_sha256) == (kept.body_bytes, kept.body_sha256)


def test_a_body_can_be_handed_on() -> None:
    """As it comes."""
    heard: list[bytes] = []
    reader = AnswerReader("GET", on_body=heard.append)
    reader.feed(CHUNKS[:-7])

    assert b"".join(heard) == b"hello"
    assert reader.headed is not None


def test_an_answer_knows_its_times() -> None:
    """When it was asked for, when its first byte came and when its last."""
    clock = iter([1.0, 2.0, 4.0, 8.0])
    reader = AnswerReader("GET", now=lambda: next(clock))
    for piece in (PLAIN[:1], PLAIN[1:-1], PLAIN[-1:]):
        reader.feed(piece)
    answer = only(reader)

    assert (answer.asked_at, answer.began_at, answer.ended_at, answer.seconds) == (1.0, 2.0, 8.0, 7.0)


@pytest.mark.parametrize(
    ("data", "progress"),
    [
        (b"", "no byte of it"),
        (b"HTTP/", "the beginning of its head"),
        (b"HTTP/1.1 200 OK\r\nA: b", "the first 17 bytes of its head"),
        (PLAIN[:-2], "its head, and 3 of 5 bytes of its body"),
        (CHUNKS[:-5], "its head, and 5 bytes of its body in chunks, without the last one"),
        (CHUNKS[:-2], "its head, and 5 bytes of its body in chunks, without the empty line at the end"),
    ],
)
def test_half_an_answer_is_none_and_says_how_far_it_came(data: bytes, progress: str) -> None:
    """The end of the connection makes only that one whole which ends so."""
    reader = read(data)

    assert reader.answers == []
    assert reader.progress == progress


def test_an_answer_that_came_early_is_read_when_it_is_expected() -> None:
    """Bytes that nobody expected are kept for that, with the place where they came."""
    reader = AnswerReader("GET")
    reader.feed(PLAIN + PLAIN[:-5])
    early = reader.excess()
    reader.expects("HEAD")

    assert early is not None
    assert early.at == len(PLAIN)
    assert reader.excess() is None
    assert [answer.method for answer in reader.answers] == ["GET", "HEAD"]


def test_what_nobody_announced_is_read_as_answers_to_get() -> None:
    """Where raw bytes were sent, it is not known how many answers they ask for."""
    reader = AnswerReader()
    reader.expects_any()
    reader.feed(PLAIN + PLAIN)

    assert [answer.text for answer in reader.answers] == ["hello", "hello"]
    assert reader.excess() is None


ANSWERS = st.lists(
    st.tuples(st.sampled_from(["length", "chunks", "head", "none"]), st.binary(max_size=40), st.integers(1, 9)),
    min_size=1,
    max_size=4,
)


@given(ANSWERS, st.sets(st.integers(0, 400)))
def test_pieces_make_no_difference(drawn: list[tuple[str, bytes, int]], cuts: set[int]) -> None:
    """Answers in a row, cut anywhere, are read as they were written."""
    data = b"".join(written(*each) for each in drawn)
    reader = AnswerReader(*("HEAD" if kind == "head" else "GET" for kind, _, _ in drawn))
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    for begin, end in pairwise(edges):
        reader.feed(data[begin:end])

    assert reader.violation is None
    assert [answer.body for answer in reader.answers] == [
        body if kind in ("length", "chunks") else b"" for kind, body, _ in drawn
    ]


def written(kind: str, body: bytes, size: int) -> bytes:
    """An answer of this kind."""
    if kind == "none":
        return b"HTTP/1.1 204 No Content\r\n\r\n"
    if kind == "chunks":
        return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(body, [size, size])
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + (b"" if kind == "head" else body)


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_no_bytes_break_the_reader(one: bytes, two: bytes) -> None:
    """Whatever comes is an answer, half of one, or a violation with a place inside of what came."""
    for head in (b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", PLAIN):
        reader = AnswerReader("GET", "GET")
        reader.feed(head + one)
        reader.feed(two)
        reader.end()
        violation = reader.violation

        if violation is not None:
            assert 0 <= violation.at <= len(head + one + two)
            assert violation.mark[0] + violation.mark[1] <= len(violation.received)
