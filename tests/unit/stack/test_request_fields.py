"""Documents as typed Structs, with everything that is wrong at once."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta

from climb.stack.http.bodies import json_object
from climb.stack.http.fields import Rule, converted
from climb.stack.http.problems import Problem


def lower(text: str) -> str:
    if "@" not in text:
        raise ValueError("has no @")
    return text.strip().lower()


class Part(msgspec.Struct, frozen=True):
    """A Struct within another."""

    url: Annotated[str, Meta(min_length=3)]
    weight: float = 1.0


class Whole(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of everything."""

    email: Annotated[str, Meta(max_length=20), Rule(lower)]
    age: Annotated[int, Meta(ge=0, le=200)] | None = None
    parts: Annotated[list[Part], Meta(max_length=2)] = []
    at: datetime | None = None
    words: list[str] = []
    first: Part | None = None
    other: Annotated[str, Rule(lower)] | None = None

    def __post_init__(self) -> None:
        if self.age == 13:
            raise ValueError("nobody is 13 here")


class Query(msgspec.Struct, frozen=True):
    """What stands behind a question mark."""

    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    all: bool = False


def errors(document: dict[str, Any], kind: type[msgspec.Struct] = Whole, **settings: bool) -> dict[str, str]:
    with pytest.raises(Problem) as raised:
        converted(document, kind, **settings)
    assert raised.value.status == 422
    return {error.field: error.message for error in raised.value.errors}


def test_what_is_right_is_typed() -> None:
    """Structs within Structs and lists too, and rules may change a value."""
    made = converted(
        {
            "email": " A@B ",
            "age": 3,
            "parts": [{"url": "abc"}],
            "at": "2026-03-01T12:00:00Z",
            "first": {"url": "xyz", "weight": 2},
        },
        Whole,
    )

    assert (made.email, made.age, made.parts, made.first) == ("a@b", 3, [Part("abc")], Part("xyz", 2.0))
    assert made.at is not None
    assert made.at.year == 2026


def test_all_that_is_wrong_is_told_at_once() -> None:
    """Each by its path, in words that do not depend on a language."""
    found = errors(
        {
            "email": 1,
            "age": 201,
            "parts": [{"url": "x"}, {"weight": "heavy"}],
            "at": "noon",
            "words": ["a", 2],
            "first": 7,
            "more": 1,
        }
    )

    assert found == {
        "email": "expected a text, got a whole number",
        "age": "expected a whole number <= 200",
        "parts[0].url": "expected a text of length >= 3",
        "parts[1].url": "missing",
        "parts[1].weight": "expected a number, got a text",
        "at": "invalid RFC3339 encoded datetime",
        "words[1]": "expected a text, got a whole number",
        "first": "expected an object, got a whole number",
        "more": "unknown",
    }


def test_a_missing_field_is_missing_and_null_is_wrong() -> None:
    """Unless it may be null."""
    assert errors({}) == {"email": "missing"}
    assert errors({"email": None}) == {"email": "expected a text, got null"}
    assert converted({"email": "a@b", "age": None}, Whole).age is None


def test_rules_are_asked_after_the_type_is_right() -> None:
    """A rule about texts is not asked about a number."""
    assert errors({"email": "nobody"}) == {"email": "has no @"}
    assert errors({"email": "a@b", "other": "nobody"}) == {"other": "has no @"}
    assert converted({"email": "a@b", "other": None}, Whole).other is None
    assert errors({"email": "x" * 21}) == {"email": "expected a text of length <= 20"}


def test_a_list_that_is_too_long_is_named_as_a_whole() -> None:
    """By its own path."""
    assert errors({"email": "a@b", "parts": [{"url": "abc"}] * 3}) == {"parts": "expected a list of length <= 2"}


def test_a_rule_of_the_whole_is_told() -> None:
    """What ``__post_init__`` says has no field."""
    assert errors({"email": "a@b", "age": 13}) == {"": "nobody is 13 here"}


@pytest.mark.parametrize("document", [{"email": "a@b\0"}, {"email": "a@b", "words": ["\0"]}])
def test_a_nul_is_nowhere_allowed(document: dict[str, Any]) -> None:
    """PostgreSQL takes no such text, and would answer with an error of its own."""
    assert list(errors(document).values()) == ["must not contain U+0000"]


def test_texts_are_read_as_numbers_where_they_come_as_texts() -> None:
    """In a form and in a query, not in JSON."""
    assert converted({"limit": "7", "all": "true", "other": "x"}, Query, texts=True) == Query(7, True)
    assert errors({"limit": "7"}, Query) == {"limit": "expected a whole number, got a text"}
    assert list(errors({"limit": "0", "all": "x"}, Query, texts=True)) == ["limit", "all"]
    assert errors({"limit": "8e1"}, Query, texts=True) == {"limit": "expected a whole number"}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"1", b"null", b'{"a": NaN}', b'{"a": "\xff"}', b"[" * 100_000, b'{"a": "\\ud800"}']
)
def test_what_is_no_json_object_is_400(body: bytes) -> None:
    """However deep, cut or wrongly encoded."""
    with pytest.raises(Problem) as raised:
        json_object(body)

    assert raised.value.status == 400
