"""What requests carry: links that are right, and all that is wrong with others."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import UNSET

from climb.stack.http.problems import Problem
from climb.systems.links.bodies import Bodies, LinkChange, NewLink, full_hour, moment
from climb.systems.links.codes import RESERVED, code_like, new_code

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
URL = "https://example.org/"


def target(text: str) -> str:
    """Takes one address only."""
    if text != URL:
        raise ValueError("is another")
    return text


BODIES = Bodies(target)


def wrong_fields(document: dict[str, Any], *, change: bool = False) -> list[str]:
    """The names of all fields that are wrong."""
    with pytest.raises(Problem) as caught:
        BODIES.change(document, NOW) if change else BODIES.new(document, NOW)
    assert caught.value.status == 422
    return sorted(error.field for error in caught.value.errors)


def test_a_link_may_have_all_or_little() -> None:
    """Only the address is needed."""
    end = "2026-03-01T12:00:00.000001Z"

    assert BODIES.new({"url": URL}, NOW) == NewLink(URL, None, None)
    assert BODIES.new({"url": URL, "code": "a-B_9", "expires_at": end}, NOW) == NewLink(
        URL, "a-B_9", datetime(2026, 3, 1, 12, 0, 0, 1, tzinfo=UTC)
    )
    assert BODIES.new({"url": URL, "expires_at": None}, NOW).expires_at is None


@pytest.mark.parametrize(
    ("document", "fields"),
    [
        ({}, ["url"]),
        ({"url": None}, ["url"]),
        ({"url": 3, "code": 3, "expires_at": 3}, ["code", "expires_at", "url"]),
        ({"url": "x", "code": "ab", "expires_at": "2026-03-01T12:00:00Z", "owner": "me"}, ["code", "expires_at", "owner", "url"]),
        ({"url": URL, "code": None}, ["code"]),
        ({"url": URL, "code": "a" * 33}, ["code"]),
        ({"url": URL, "code": "späte"}, ["code"]),
        ({"url": URL, "code": "abc\n"}, ["code"]),
        *[({"url": URL, "code": code}, ["code"]) for code in sorted(RESERVED)],
        *[
            ({"url": URL, "expires_at": text}, ["expires_at"])
            for text in (
                "", "tomorrow", "2027-01-01", "2027-01-01T00:00:00", "2027-01-01T00:00:00+00:00", "2027-02-30T00:00:00Z", "2027-01-01T24:00:00Z",
                "2027-01-01T00:00:60Z", "2027-01-01T00:00:00.Z", "2027-01-01T00:00:00.1234567Z", "2027-01-01t00:00:00z", "٢٠٢٧-01-01T00:00:00Z",
            )
        ],
    ],
)  # fmt: skip
def test_all_that_is_wrong_is_named(document: dict[str, Any], fields: list[str]) -> None:
    """At once."""
    assert wrong_fields(document) == fields


def test_a_change_leaves_the_rest() -> None:
    """What is not named stays; null is no end."""
    assert BODIES.change({"url": URL}, NOW) == LinkChange(URL, UNSET)
    assert BODIES.change({"expires_at": None}, NOW) == LinkChange(UNSET, None)


@pytest.mark.parametrize(
    ("document", "fields"),
    [({}, ["url"]), ({"code": "abc"}, ["code"]), ({"url": None, "expires_at": "x"}, ["expires_at", "url"])],
)
def test_a_change_can_be_wrong(document: dict[str, Any], fields: list[str]) -> None:
    """Of nothing, of what does not change, or into what is wrong."""
    assert wrong_fields(document, change=True) == fields


def test_hours_are_full() -> None:
    """With parts of a second that are none."""
    assert full_hour("2026-03-01T12:00:00.000Z") == NOW
    assert moment("2026-03-01T12:00:00.5Z").microsecond == 500_000
    for text in ("2026-03-01T12:30:00Z", "2026-03-01T12:00:01Z", "2026-03-01T12:00:00.1Z"):
        with pytest.raises(ValueError, match="full hour"):
            full_hour(text)


def test_random_codes_are_of_their_kind() -> None:
    """Seven letters and digits, and no two the same in a thousand."""
    codes = {new_code() for _ in range(1000)}

    assert len(codes) == 1000
    assert all(len(code) == 7 and code.isalnum() and code_like(code) for code in codes)
