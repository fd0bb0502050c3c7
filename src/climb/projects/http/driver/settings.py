"""The variables of the contract: those that a check sets, and the others taken away."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

__all__ = ["LIMITS", "environment"]

LIMITS = ("MAX_HEAD_BYTES", "MAX_BODY_BYTES", "HEAD_MS", "STALL_MS", "IDLE_MS")


def environment(root: Path, settings: Mapping[str, int]) -> dict[str, str | Path | None]:
    """All variables but PORT; ``settings`` has their names in lower case.

    Raises ValueError for a setting that the contract does not have: that is a mistake in a check.
    """
    given = {name.upper(): value for name, value in settings.items()}
    unknown = sorted(set(given) - set(LIMITS))
    if unknown:
        raise ValueError(f"the contract has no variable {', '.join(unknown)}")
    return {"ROOT": root, **{name: str(given[name]) if name in given else None for name in LIMITS}}
