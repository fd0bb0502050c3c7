"""What the program is told: the contract's variables, and addresses through proxies."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from climb.judge.world.proxy import Proxy
from climb.projects.links.driver.service import by_way_of
from climb.projects.links.driver.settings import VARIABLES, environment


class _Road:
    """A proxy's place."""

    host, port = "127.0.0.1", 4321


def test_what_is_not_given_is_taken_away() -> None:
    """The judge's own environment must not reach the program."""
    env = environment({"stale_ms": 100, "data_dir": Path("/data")})

    assert set(env) == set(VARIABLES)
    assert {name: value for name, value in env.items() if value is not None} == {
        "STALE_MS": "100",
        "DATA_DIR": Path("/data"),
    }


def test_an_unknown_setting_is_a_mistake_of_the_check() -> None:
    """A misspelt one would test nothing."""
    with pytest.raises(ValueError, match="STALE"):
        environment({"stale": 100})


@pytest.mark.parametrize(
    ("url", "through"),
    [
        ("postgresql://me:secret@127.0.0.1:5432/db", "postgresql://me:secret@127.0.0.1:4321/db"),
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:4321/0"),
    ],
)
def test_an_address_leads_through_a_proxy(url: str, through: str) -> None:
    """User, password and name stay; without a proxy all does."""
    assert by_way_of(cast("Proxy", _Road()), url) == through
    assert by_way_of(None, url) == url
