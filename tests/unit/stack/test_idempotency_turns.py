"""Idempotency: whose turn it is, and which requests are the same."""

import pytest
from starlette.requests import Request

from climb.stack.http.idempotency import KeptAnswer, Turn, fingerprint, key_of, turn
from climb.stack.http.problems import Problem

ASKED = fingerprint("POST", "/v1/links", b"{}")


def known(mark: bytes) -> KeptAnswer:
    return KeptAnswer(mark, 201, '{"content-type": "application/json"}', b'{"code": "a"}')


def request(*keys: bytes) -> Request:
    return Request({"type": "http", "headers": [(b"idempotency-key", key) for key in keys]})


@pytest.mark.parametrize(
    ("locked", "kept", "expected"),
    [
        (False, None, Turn.UNDER_WAY),
        (True, None, Turn.WORK),
        (True, known(ASKED), Turn.REPLAY),
        (True, known(b"another"), Turn.OTHER),
    ],
)
def test_whose_turn_it_is(locked: bool, kept: KeptAnswer | None, expected: Turn) -> None:
    """It follows from the lock, from what is kept, and from what is asked."""
    assert turn(locked, kept, ASKED) is expected


def test_the_kept_answer_is_the_answer() -> None:
    """Status, body and fields are those of the first time."""
    again = known(ASKED).response()

    assert (again.status_code, again.body, again.headers["content-type"]) == (201, b'{"code": "a"}', "application/json")


@pytest.mark.parametrize(
    "other",
    [
        ("PUT", "/v1/links", b"{}"),
        ("POST", "/v1/imports", b"{}"),
        ("POST", "/v1/links", b"{ }"),
        ("POST", "/v1/links{", b"}"),
    ],
)
def test_another_request_has_another_fingerprint(other: tuple[str, str, bytes]) -> None:
    """Method, path and every byte of the body count, and where one ends and the next begins."""
    assert fingerprint(*other) != ASKED


@pytest.mark.parametrize("key", [b"a", b"~" * 128, b"with space"])
def test_a_key_is_printable_ascii(key: bytes) -> None:
    """Of 1 to 128 characters."""
    assert key_of(request(key)) == key.decode()


@pytest.mark.parametrize("keys", [(b"",), (b"x" * 129,), (b"caf\xe9",), (b"a\tb",), (b"a", b"a")])
def test_what_is_no_key_is_refused(keys: tuple[bytes, ...]) -> None:
    """Also two of them: which one would it be."""
    with pytest.raises(Problem) as raised:
        key_of(request(*keys))

    assert raised.value.status == 422


def test_no_key_is_none() -> None:
    """Then each request is one of its own."""
    assert key_of(request()) is None
