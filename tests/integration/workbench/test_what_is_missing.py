"""Addresses that lead to nothing."""

from typing import Any

import pytest


@pytest.mark.parametrize(
    "address",
    [
        "/concepts/teapot",
        "/modules/9.9",
        "/pages/teapot",
        "/projects/teapot",
        "/journal/teapot",
        "/journal/teapot/edit",
    ],
)
def test_what_is_not_there_is_said_to_be_missing(browser: Any, address: str) -> None:
    """As a page that names what was looked for."""
    answer = browser.open(address)

    assert answer.status_code == 404
    assert "There is no" in answer.text
