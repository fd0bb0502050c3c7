"""Workloads of the learner's own, kept in the home folder under a name made of what is in them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from climb.errors import SetupError, UsageError

__all__ = ["is_own", "keep", "read"]

_NAME = re.compile(r"own-[0-9a-f]{12}")


def is_own(workload: str) -> bool:
    """Whether this is the name of a kept workload rather than of one that ships with us."""
    return _NAME.fullmatch(workload) is not None


def keep(home: Path, document: bytes) -> str:
    """Keep a workload, and return its name. Raises SetupError if it can't be written."""
    name = f"own-{hashlib.sha256(document).hexdigest()[:12]}"
    path = _path(home, name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(document)
    except OSError as error:
        raise SetupError(f"{path} can't be written: {error.strerror}") from error
    return name


def read(home: Path, name: str) -> bytes:
    """What was kept under ``name``. Raises UsageError if nothing was."""
    try:
        return _path(home, name).read_bytes()
    except FileNotFoundError as error:
        raise UsageError(f"there is no workload {name} in {home / 'workloads'}") from error


def _path(home: Path, name: str) -> Path:
    return home / "workloads" / f"{name}.json"
