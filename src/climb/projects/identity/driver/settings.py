"""The variables of the contract: those that a check sets, and the others taken away."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["NUMBERS", "environment"]

NUMBERS = ("ACCESS_S", "REFRESH_S", "LINK_S", "CODE_S", "FAILURES", "LOCK_S")


def environment(
    *,
    database_url: str | None,
    mail_url: str | None,
    issuer: str | None,
    admin: tuple[str, str] | None,
    settings: Mapping[str, int],
) -> dict[str, str | None]:
    """All variables but PORT; ``settings`` has their names in lower case.

    Raises ValueError for a setting that the contract does not have: that is a mistake in a check.
    """
    given = {name.upper(): value for name, value in settings.items()}
    unknown = sorted(set(given) - set(NUMBERS))
    if unknown:
        raise ValueError(f"the contract has no variable {', '.join(unknown)}")
    email, password = admin or (None, None)
    return {
        "DATABASE_URL": database_url,
        "MAIL_URL": mail_url,
        "ISSUER": issuer,
        "ADMIN_EMAIL": email,
        "ADMIN_PASSWORD": password,
        **{name: str(given[name]) if name in given else None for name in NUMBERS},
    }
