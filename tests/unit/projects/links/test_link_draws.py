"""Targets and mistakes that the checks draw: the contract's schema says the same of them."""

from __future__ import annotations

import re

import pytest

from climb.judge.choices import Choices
from climb.projects.links.driver.urls import draw_code, draw_url
from climb.projects.links.rules.codes import ALPHABET, RESERVED
from climb.projects.links.stages.mistakes import draw_mistakes, sizes

_FORM = re.compile(r"[Hh][Tt][Tt][Pp][Ss]?://[0-9A-Za-z._-]+(:[0-9]{0,5})?([/?#][!-~]*)?")


@pytest.mark.parametrize("seed", range(50))
def test_drawn_targets_are_allowed(seed: int) -> None:
    """They have the form of a target, and are not too long."""
    url = draw_url(Choices(str(seed)))

    assert _FORM.fullmatch(url)
    assert len(url) < 2048


@pytest.mark.parametrize("seed", range(50))
def test_drawn_codes_are_allowed(seed: int) -> None:
    """They have 3 to 32 characters of the alphabet, and are not reserved; room is left for an ending."""
    code = draw_code(Choices(str(seed)))

    assert 3 <= len(code) <= 24
    assert set(code) <= set(ALPHABET)
    assert code not in RESERVED


def test_the_simplest_target_is_plain() -> None:
    """A failing case shrinks to it."""
    assert draw_url(Choices("", forced=[])) == "https://example.org"


def test_bodies_of_the_limit_and_of_one_more_byte() -> None:
    """64 KiB exactly are taken."""
    assert [(len(body), status) for body, status in sizes("https://example.org")] == [(65_536, 201), (65_537, 413)]


def test_each_kind_of_mistake_is_made_once() -> None:
    """Whatever the order."""
    one, other = (draw_mistakes(Choices(seed), "https://example.org") for seed in ("1", "2"))

    assert {mistake.status for mistake in one} == {400, 404, 405, 415, 422}
    assert len(one) == len(other)
