"""What the strict reader does not forgive: each broken rule with the byte that breaks it, and the section that says so."""

import pytest

from climb.judge.drivers.http1 import AnswerReader, Violation

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def violation_of(data: bytes, *methods: str) -> Violation:
    """The rule that these bytes break, read one by one, since that must make no difference."""
    at_once, slowly = AnswerReader(*methods or ("GET",)), AnswerReader(*methods or ("GET",))
    at_once.feed(data)
    for byte in data:
        slowly.feed(bytes([byte]))
    one, other = at_once.violation or at_once.excess(), slowly.violation or slowly.excess()
    assert one is not None
    assert other is not None
    assert (one.what, one.at, one.line) == (other.what, other.at, other.line)
    return one


@pytest.mark.parametrize(
    ("line", "at", "expected"),
    [
        (b"hello", 0, "a status line"),
        (b"http/1.1 200 OK", 0, "a status line"),
        (b"", 0, "a status line"),
        (b"HTTP/2 200 OK", 0, "a status line"),
        (b"HTTP/1.1  200 OK", 9, "a status of three digits"),
        (b"HTTP/1.1 20 OK", 9, "a status of three digits"),
        (b"HTTP/1.1 2000 OK", 9, "a status of three digits"),
        (b"HTTP/1.1 600 OK", 9, "a status of three digits"),
        (b"HTTP/1.1\t200 OK", 8, "one space"),
        (b"HTTP/1.1 200", 12, "one space, also if no reason follows"),
        (b"HTTP/1.1 200 O\x00K", 14, "a reason without control characters"),
    ],
)
def test_a_status_line_has_its_form(line: bytes, at: int, expected: str) -> None:
    """Version, space, three digits, space, reason."""
    violation = violation_of(line + b"\r\nContent-Length: 0\r\n\r\n")

    assert (violation.what, violation.section) == ("no status line", "RFC 9112, 4")
    assert violation.expected.startswith(expected)
    assert violation.at == at


@pytest.mark.parametrize(
    ("head", "what", "at", "line"),
    [
        (b"HTTP/1.1 200 OK\nA: b\r\n\r\n", "a line of the head that ends with LF alone", 15, 1),
        (OK + b"A: b\n\r\n", "a line of the head that ends with LF alone", 21, 2),
        (OK + b"A: b\r\n\n", "a line of the head that ends with LF alone", 23, 3),
        (OK + b"A: b\rc\r\n\r\n", "a CR within a line of the head", 21, 2),
        (OK + b"A: b\r\n c\r\n\r\n", "a folded line in the head", 23, 3),
        (OK + b"A : b\r\n\r\n", "no field in the head", 18, 2),
        (OK + b": b\r\n\r\n", "no field in the head", 17, 2),
        (OK + b"A b\r\n\r\n", "no field in the head", 18, 2),
        (OK + b"A(: b\r\n\r\n", "no field in the head", 18, 2),
        (OK + b"A\r\n\r\n", "no field in the head", 18, 2),
        (OK + b"A: b\x00c\r\n\r\n", "a control character in a field of the head", 21, 2),
        (OK + b"A: b\x7f\r\n\r\n", "a control character in a field of the head", 21, 2),
    ],
)
def test_fields_have_their_form(head: bytes, what: str, at: int, line: int) -> None:
    """A token, a colon at once, printable characters, CRLF; nothing folded."""
    violation = violation_of(head)

    assert (violation.what, violation.at, violation.line) == (what, at, line)


@pytest.mark.parametrize(
    "value", [b"+5", b"-5", b"0x5", b"5.0", b"5, 5", b"", b"5 5", "٥".encode(), b"1" * 20, b"1" * 5000]
)
def test_a_length_is_digits(value: bytes) -> None:
    """And no more of them than anyone counts in."""
    violation = violation_of(OK + b"Content-Length: " + value + b"\r\n\r\n")

    assert (violation.what, violation.line) == ("Content-Length that is no number", 2)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("other", [b"5", b"6"])
def test_a_length_comes_once(other: bytes, method: str) -> None:
    """Two are two ends, even if they are the same today."""
    violation = violation_of(OK + b"Content-Length: 5\r\nContent-Length: " + other + b"\r\n\r\n", method)

    assert (violation.what, violation.at, violation.line) == ("Content-Length twice", 52, 3)


@pytest.mark.parametrize(
    "fields",
    [b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"],
)
def test_a_length_does_not_stand_beside_chunks(fields: bytes) -> None:
    """In either order; the later one is pointed at."""
    violation = violation_of(OK + fields + b"\r\n")

    assert (violation.what, violation.line, violation.section) == (
        "both Content-Length and Transfer-Encoding",
        3,
        "RFC 9112, 6.2",
    )


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (OK + b"Transfer-Encoding: gzip, chunked\r\n", "another Transfer-Encoding"),
        (OK + b"Transfer-Encoding: identity\r\n", "another Transfer-Encoding"),
        (OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "chunked twice"),
        (b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding in an answer of HTTP/1.0"),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n", "Content-Length in an answer with status 204"),
        (b"HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n", "Content-Length in an answer with status 100"),
        (
            b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding in an answer with status 204",
        ),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n", "101 without a request for it"),
    ],
)
def test_the_end_of_a_body_is_told_in_one_way(head: bytes, what: str) -> None:
    """And not where there is no body, or to those who can't read it."""
    assert violation_of(head + b"\r\n").what == what


@pytest.mark.parametrize(
    ("chunks", "what", "at"),
    [
        (b"\r\n", "no size of a chunk", 0),
        (b"x\r\n", "no size of a chunk", 0),
        (b" 3\r\nabc\r\n", "no size of a chunk", 0),
        (b"3 \r\nabc\r\n", "no size of a chunk", 1),
        (b"0x3\r\nabc\r\n", "no size of a chunk", 1),
        (b"3;\r\nabc\r\n", "no size of a chunk", 1),
        (b"3;a=\r\nabc\r\n", "no size of a chunk", 3),
        (b"0" * 17 + b"\r\n", "no size of a chunk", 0),
        (b"3\nabc\r\n", "a line of chunks that ends with LF alone", 1),
        (b"3\r\nabcd\r\n0\r\n\r\n", "a chunk that does not end where its size says", 6),
        (b"5\r\nabc\r\n0\r\n\r\n", "a chunk that does not end where its size says", 8),
        (b"3\r\nabc\n0\r\n\r\n", "a chunk that does not end where its size says", 6),
        (b"3\r\nabc\r0\r\n\r\n", "a chunk that does not end where its size says", 7),
        (b"0\r\nA : b\r\n\r\n", "no field in the trailers", 4),
        (b"0\r\n\n", "a line of the trailers that ends with LF alone", 3),
    ],
)
def test_chunks_have_their_form(chunks: bytes, what: str, at: int) -> None:
    """Sizes in hexadecimal digits that count the bytes, each chunk followed by CRLF, and trailers that are fields."""
    violation = violation_of(CHUNKED + chunks)

    assert (violation.what, violation.at, violation.line) == (what, len(CHUNKED) + at, 0)


@pytest.mark.parametrize(
    ("first", "method", "why"),
    [
        (OK + b"Content-Length: 2\r\n\r\nab", "GET", "the 2 bytes that its Content-Length announces"),
        (OK + b"Content-Length: 2\r\n\r\n", "HEAD", "to HEAD, which ends with its head"),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", "GET", "has status 304, and so ends with its head"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "GET", "has status 204, and so ends with its head"),
        (CHUNKED + b"0\r\n\r\n", "GET", "ends with the chunk of size 0 and an empty line"),
    ],
)
def test_bytes_behind_an_answer_are_none_of_it(first: bytes, method: str, why: str) -> None:
    """Whether another answer is expected then or not, the report says why the answer had ended before them."""
    last, between = violation_of(first + b"ab", method), violation_of(first + b"ab", method, "GET")

    assert (last.what, between.what) == ("bytes behind the answer", "no status line")
    assert last.at == between.at == len(first)
    assert why in last.why
    assert why in between.why


def test_what_stood_right_before_is_shown() -> None:
    """The end of the body or of the chunk, so that the place can be found."""
    behind = violation_of(OK + b"Content-Length: 3\r\n\r\n" + "déf".encode())
    chunk = violation_of(CHUNKED + b"3\r\n" + "déf\r\n".encode())

    assert (behind.received, behind.mark, behind.at) == ("d\\xc3\\xa9f", (9, 1), len(OK) + 24)
    assert (chunk.received, chunk.mark, chunk.at) == ("d\\xc3\\xa9f", (9, 1), len(CHUNKED) + 6)


def test_a_further_answer_is_one_too_many() -> None:
    """As when the body of a request was taken for another one."""
    violation = violation_of(OK + b"Content-Length: 0\r\n\r\n" + b"HTTP/1.1 404 Not Found\r\nA: b\r\n\r\n")

    assert (violation.what, violation.received) == ("a further answer", "HTTP/1.1 404 Not Found")


def test_nothing_is_said_before_it_is_asked_for() -> None:
    """A client could not tell what it is the answer to."""
    reader = AnswerReader()
    reader.feed(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
    violation = reader.excess()

    assert violation is not None
    assert (violation.at, violation.place) == (0, "unasked: byte 0 of what came")


@pytest.mark.parametrize(
    ("begin", "what"),
    [
        (OK, "a head without end"),
        (OK + b"A: b\r\n" * 10, "a head without end"),
        (CHUNKED + b"3;", "the line of a chunk's size without end"),
        (CHUNKED + b"0\r\n", "trailers without end"),
    ],
)
def test_what_has_no_end_is_given_up(begin: bytes, what: str) -> None:
    """What a client must keep in memory is bounded."""
    reader = AnswerReader("GET")
    reader.feed(begin)
    for _ in range(300):
        reader.feed(b"A" * 1024)

    assert reader.violation is not None
    assert reader.violation.what == what


def test_answers_before_the_broken_one_stay() -> None:
    """And nothing behind it is read."""
    whole = OK + b"Content-Length: 2\r\n\r\nab"
    reader = AnswerReader("GET", "GET", "GET")
    reader.feed(whole + b"oh" + whole)

    assert [answer.text for answer in reader.answers] == ["ab"]
    assert reader.violation is not None


def test_a_violation_shows_the_line_with_the_place_marked() -> None:
    """Long lines are cut around it, and what is missing is pointed at as well."""
    long = violation_of(OK + b"A: " + b"x" * 500 + b"\x01" + b"y" * 500 + b"\r\n\r\n")
    missing = violation_of(b"HTTP/1.1 200\r\n\r\n")

    assert long.received[long.mark[0] :][: long.mark[1]] == "\\x01"
    assert long.received.startswith("…x")
    assert long.received.endswith("y…")
    assert missing.received == "HTTP/1.1 200\\r\\n"
    assert missing.mark == (12, 2)


def test_a_violation_becomes_a_comparison() -> None:
    """With the answer, the line and the byte; the section stands behind the reason."""
    comparison = violation_of(OK + b"A : b\r\n\r\n").comparison()

    assert comparison.subject == "the answer to GET: line 2 of its head, byte 18 of what came"
    assert comparison.why.endswith("(RFC 9112, 5 and 5.1)")
    assert comparison.mark == (1, 1)
