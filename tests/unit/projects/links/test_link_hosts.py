"""The tables of targets, against another reader of URLs."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from climb.projects.links.rules.hosts import ALLOWED, NO_TARGETS, own_addresses

# As openapi.yaml has it: necessary for a target, and not sufficient.
_FORM = re.compile(r"[Hh][Tt][Tt][Pp][Ss]?://([0-9A-Za-z._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{0,5})?([/?#][!-~]*)?")
_BY_MEANING = (
    "1.2.3.4.5",
    "256.1.1.1",
    "1.1.1.256",
    "WORD.10",
    "WORD.0xa",
    "4294967296",
    "WORD.09",
    "1::2]",
    "12345::1",
)


@pytest.mark.parametrize("url", ALLOWED)
def test_what_is_allowed_has_the_form_of_the_contract(url: str) -> None:
    """No check blames a program for a target that the contract's schema refuses."""
    assert _FORM.fullmatch(url)


@pytest.mark.parametrize("url", [url for url, _ in NO_TARGETS])
def test_what_is_no_target_breaks_the_form_or_a_rule_that_the_form_cannot_tell(url: str) -> None:
    """The others are addresses that are none, in the form of addresses."""
    assert _FORM.fullmatch(url) is None or any(part in url for part in _BY_MEANING)


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return (parts.hostname or "").removesuffix("."), parts.port or {"http": 80, "https": 443}[parts.scheme]


@pytest.mark.parametrize(
    "public",
    ["http://go.example.com", "https://go.example.com", "http://go.example.com:8080", "https://Go.Example.com:80"],
)
def test_own_addresses_are_the_service_and_others_are_not(public: str) -> None:
    """Host and port decide, in whatever case, with or without the dot at the end and the usual port."""
    own, others = own_addresses(public)

    assert {_place(url) for url in own} == {_place(public)}
    assert _place(public) not in {_place(url) for url in others}
    assert len(own) == len(set(own)) >= 6
