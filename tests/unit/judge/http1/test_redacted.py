"""What a report shows of requests with tokens."""

from __future__ import annotations

from climb.judge.drivers.http1 import request
from climb.judge.drivers.redacted import line_by_hand, shortened

TOKEN = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
ASKED = request("GET", "/v1/users/me", [("Authorization", f"Bearer {TOKEN}")], host="127.0.0.1:8080")


def test_tokens_are_shown_by_their_beginning() -> None:
    """What is around them stays."""
    assert shortened(f"before {TOKEN} after".encode()) == b"before eyJhbGci... after"


def test_other_texts_are_shown_whole() -> None:
    """A refresh token is no JWT, and is short."""
    assert (
        shortened(b'{"refresh_token": "WzMmadjBDHHkotaCzsK_3Q8s"}') == b'{"refresh_token": "WzMmadjBDHHkotaCzsK_3Q8s"}'
    )


def test_a_line_takes_the_token_from_a_variable() -> None:
    """So that it can be pasted with another one, and is short."""
    assert line_by_hand(ASKED, port="PORT") == (
        'curl -si -H "Authorization: Bearer $TOKEN" http://127.0.0.1:$PORT/v1/users/me'
    )


def test_a_line_comes_from_the_same_client_address() -> None:
    """Services tell clients apart by it."""
    line = line_by_hand(ASKED, port="PORT", source="127.3.2.1")

    assert line.startswith("curl -si --interface 127.3.2.1 -H ")
