"""What the identity service is told."""

import pytest

from climb.stack.settings import SettingsError, read_settings
from climb.systems.identity.settings import Settings

RIGHT = {"PORT": "8080", "DATABASE_URL": "postgresql://a:b@c:1/d", "MAIL_URL": "http://127.0.0.1:1/m"}


def test_defaults_are_those_of_the_contract() -> None:
    """With what is required alone."""
    settings = read_settings(Settings, environment=RIGHT)

    assert settings.known_as == "http://127.0.0.1:8080"
    assert (settings.access_s, settings.refresh_s, settings.link_s, settings.code_s) == (300, 2_592_000, 900, 60)
    assert (settings.failures, settings.lock_s) == (5, 60)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, None) for name in RIGHT),
        ("PORT", "0"),
        ("PORT", "http"),
        ("DATABASE_URL", "mysql://a:b@c/d"),
        ("MAIL_URL", "mail"),
        ("ISSUER", "https://a.example/"),
        ("ISSUER", "https://a.example/b"),
        ("ISSUER", "a.example"),
        ("ADMIN_EMAIL", "a@example.org"),
        ("ADMIN_PASSWORD", "correct horse"),
        ("ACCESS_S", "0"),
        ("ACCESS_S", "3601"),
        ("REFRESH_S", "0"),
        ("LINK_S", "-1"),
        ("CODE_S", "601"),
        ("FAILURES", "101"),
        ("FAILURES", "1.5"),
        ("LOCK_S", ""),
    ],
)
def test_a_wrong_variable_is_named(name: str, value: str | None) -> None:
    """In one line; of two that belong together, the one that is missing counts as well."""
    environment = {key: text for key, text in {**RIGHT, name: value}.items() if text is not None}
    named = {"ADMIN_EMAIL": "ADMIN_PASSWORD", "ADMIN_PASSWORD": "ADMIN_EMAIL"}.get(name, name)
    with pytest.raises(SettingsError, match=named) as error:
        read_settings(Settings, environment=environment)

    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("email", "password"), [("no address", "correct horse"), ("a@example.org", "short")])
def test_an_admin_is_held_to_the_rules_of_everybody(email: str, password: str) -> None:
    """And the password is not shown."""
    environment = {**RIGHT, "ADMIN_EMAIL": email, "ADMIN_PASSWORD": password}
    with pytest.raises(SettingsError, match="ADMIN_") as error:
        read_settings(Settings, environment=environment)

    assert password not in str(error.value)
