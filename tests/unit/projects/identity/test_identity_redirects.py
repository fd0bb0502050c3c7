"""What was added to a client's address."""

from __future__ import annotations

import pytest

from climb.projects.identity.rules.redirects import returned

PLAIN = "https://app.example/back"
WITH_QUERY = "https://app.example/back?from=here"


def test_parameters_are_read() -> None:
    """They are decoded as a form is, the client's own query is not among them."""
    assert returned(f"{PLAIN}?code=a%2Bb&state=x+y%26&iss=z", PLAIN).parameters == {
        "code": "a+b",
        "state": "x y&",
        "iss": "z",
    }
    assert returned(f"{WITH_QUERY}&code=c", WITH_QUERY).parameters == {"code": "c"}


@pytest.mark.parametrize("location", [f"{PLAIN}?code=c", f"{WITH_QUERY}&code=c"])
def test_nothing_is_wrong_with_what_was_added(location: str) -> None:
    """With a query of the client's own and without one."""
    address = WITH_QUERY if "from" in location else PLAIN

    assert returned(location, address).wrong == ""


@pytest.mark.parametrize(
    ("location", "address"),
    [
        (f"{PLAIN}/?code=c", PLAIN),
        ("https://evil.example/back?code=c", PLAIN),
        (f"{PLAIN}#code=c", PLAIN),
        (f"{PLAIN}?code=c#top", PLAIN),
        (PLAIN, PLAIN),
        (f"{PLAIN}?code=c", WITH_QUERY),
        (f"{PLAIN}?code=c&from=here", WITH_QUERY),
        (f"{WITH_QUERY}code=c", WITH_QUERY),
        (f"{WITH_QUERY}?code=c", WITH_QUERY),
        (f"{PLAIN}?code=c&code=d", PLAIN),
        ("", PLAIN),
    ],
)
def test_another_address_is_told(location: str, address: str) -> None:
    """Another path, host or query, a fragment, or a parameter that is there twice."""
    assert returned(location, address).wrong
