"""What a report of a login shows of an answer."""

from __future__ import annotations

import pytest

from climb.judge.drivers.http1 import Answer
from climb.projects.identity.stages.tried import said


def answer(body: str) -> Answer:
    return Answer(
        about="GET /x", method="GET", version="1.1", status=200, reason="OK", fields=(), trailers=(), body=body.encode(),
        body_bytes=len(body), framing="length", asked_at=0.0, began_at=0.0, ended_at=0.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("", "200 OK"),
        ("x" * 160, f"200 OK   {'x' * 160}"),
        ("x" * 161, f"200 OK   {'x' * 160} …"),
        (f"{'x' * 100} {'y' * 100}", f"200 OK   {'x' * 100} …"),
        (f"x {'y' * 200}", f"200 OK   x {'y' * 158} …"),
    ],
)
def test_a_long_body_is_cut_off_visibly(body: str, shown: str) -> None:
    """Between two words if there is a place for it, so that half a token is no word; and with a sign that there was more."""
    assert said(answer(body)) == shown
