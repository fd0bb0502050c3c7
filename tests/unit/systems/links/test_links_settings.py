"""Settings: every one that is wrong is named, and what follows from them."""

from pathlib import Path

import pytest

from climb.systems.links.settings import SettingsError, read_settings


@pytest.fixture
def given(tmp_path: Path) -> dict[str, str]:
    """All that is required."""
    return {
        "PORT": "8080",
        "DATABASE_URL": "postgresql://a:b@127.0.0.1:5432/c",
        "CACHE_URL": "redis://127.0.0.1:6379/0",
        "DATA_DIR": str(tmp_path),
        "ISSUER": "http://127.0.0.1:8081",
    }


def test_what_is_left_out_has_its_usual_value(given: dict[str, str]) -> None:
    """As the contract has it."""
    settings = read_settings(given)

    assert (settings.address, settings.stale_ms, settings.allow_private) == ("http://127.0.0.1:8080", 2000, "0")
    assert settings.keys_url == "http://127.0.0.1:8081/.well-known/jwks.json"


@pytest.mark.parametrize("name", ["PORT", "DATABASE_URL", "CACHE_URL", "DATA_DIR", "ISSUER"])
def test_what_is_required_is_missed_by_name(given: dict[str, str], name: str) -> None:
    """In one line."""
    del given[name]
    with pytest.raises(SettingsError) as caught:
        read_settings(given)

    assert str(caught.value).startswith(f"{name}: missing")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"), ("PORT", "65536"), ("PORT", "http"), ("PORT", ""), ("DATABASE_URL", "mysql://a"), ("DATABASE_URL", ""), ("CACHE_URL", "http://a"),
        ("DATA_DIR", "/nowhere/at/all"), ("DATA_DIR", "/etc/passwd"), ("ISSUER", ""), ("JWKS_URL", "keys"), ("JWKS_URL", "ftp://a/"),
        ("PUBLIC_URL", "go.example.com"), ("PUBLIC_URL", "https://go.example.com/"), ("PUBLIC_URL", "http://a:99999"), ("PUBLIC_URL", "http://a b"),
        ("STALE_MS", "99"), ("STALE_MS", "1e3"), ("STALE_MS", "-1"), ("ALLOW_PRIVATE", "yes"), ("ALLOW_PRIVATE", "2"), ("ALLOW_PRIVATE", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(given: dict[str, str], name: str, value: str) -> None:
    """Whatever is wrong with it."""
    with pytest.raises(SettingsError, match=name):
        read_settings({**given, name: value})
