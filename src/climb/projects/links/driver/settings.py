"""The variables of the contract: those that a check sets, and the others taken away."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

__all__ = ["VARIABLES", "environment"]

VARIABLES = (
    "DATABASE_URL",
    "CACHE_URL",
    "DATA_DIR",
    "ISSUER",
    "JWKS_URL",
    "PUBLIC_URL",
    "STALE_MS",
    "ALLOW_PRIVATE",
)


def environment(settings: Mapping[str, object]) -> dict[str, str | Path | None]:
    """All variables but PORT; ``settings`` has their names in lower case, and None for one that is missing.

    Raises ValueError for a setting that the contract does not have: that is a mistake in a check.
    """
    given = {name.upper(): value for name, value in settings.items()}
    unknown = sorted(set(given) - set(VARIABLES))
    if unknown:
        raise ValueError(f"the contract has no variable {', '.join(unknown)}")
    return {name: _written(given.get(name)) for name in VARIABLES}


def _written(value: object) -> str | Path | None:
    return value if value is None or isinstance(value, Path) else str(value)
