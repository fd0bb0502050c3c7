"""Problem details are read strictly, and each mistake is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from climb.judge.drivers.http1 import Answer, AnswerReader
from climb.judge.drivers.problems import demand_fields, problem
from climb.judge.evidence import Comparison
from climb.judge.expect import Failure

GOOD = {"type": "about:blank", "title": "Unprocessable Content", "status": 422}
ERRORS = [{"field": "email", "message": "has no @"}, {"field": "password", "message": "is short"}]


def answered(document: Any, kind: str = "application/problem+json") -> Answer:
    body = json.dumps(document).encode()
    head = f"HTTP/1.1 422 Unprocessable Content\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return AnswerReader("POST").feed(head.encode() + body)[0]


def received(answer: Answer, fields: tuple[str, ...] = ("email",)) -> str:
    with pytest.raises(Failure) as raised:
        demand_fields(answer, fields, why="it is wrong")
    comparison = raised.value.evidence[0]
    assert isinstance(comparison, Comparison)
    return comparison.received


def test_a_problem_names_its_fields() -> None:
    """Each once, in alphabetical order, whatever the order of the errors; other members are passed over."""
    found = problem(answered({**GOOD, "errors": [*reversed(ERRORS), ERRORS[0]], "trace": 1}))

    assert found.fields() == ["email", "password"]


def test_a_media_type_may_have_a_parameter() -> None:
    """And be in upper case."""
    assert problem(answered(GOOD, "Application/Problem+JSON; charset=utf-8")).status == 422


def test_the_fields_are_these_and_no_others() -> None:
    """One too many is told like one too few."""
    assert received(answered({**GOOD, "errors": ERRORS})).startswith("errors for email, password")
    assert received(answered(GOOD)).startswith("no errors")


@pytest.mark.parametrize(
    ("document", "kind", "told"),
    [
        (GOOD, "application/json", "Content-Type: application/json"),
        ({**GOOD, "status": 400}, "application/problem+json", '"status": 400'),
        ({"type": "about:blank", "status": 422}, "application/problem+json", "title"),
        ({**GOOD, "status": "422"}, "application/problem+json", "status"),
        ([GOOD], "application/problem+json", "array"),
    ],
)
def test_what_is_no_problem_is_blamed(document: Any, kind: str, told: str) -> None:
    """By its type, its status or its form."""
    assert told in received(answered(document, kind))
