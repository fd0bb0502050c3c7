"""Workloads of the learner's own, kept in the home folder under a name made of what is in them; the newest, not all."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from climb.errors import SetupError, UsageError

__all__ = ["is_own", "keep", "read"]

_NAME = re.compile(r"own-[0-9a-f]{12}")
_MOST = 500  # workloads; each time that one is shown again from its text it is the newest again


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
        _forget_the_oldest(path.parent)
    except OSError as error:
        next_step = f"make {path.parent} a folder of yours that has room"
        raise SetupError(f"{path} can't be written: {error.strerror}", next_step=next_step) from error
    return name


def read(home: Path, name: str) -> bytes:
    """What was kept under ``name``. Raises UsageError if nothing was."""
    try:
        return _path(home, name).read_bytes()
    except FileNotFoundError as error:
        raise UsageError(
            f"there is no workload {name} in {home / 'workloads'}, where the newest {_MOST} are kept. Write or paste it again."
        ) from error


def _forget_the_oldest(folder: Path) -> None:
    kept = sorted((path.stat().st_mtime_ns, path) for path in folder.glob("own-*.json"))
    for _, path in kept[:-_MOST]:
        path.unlink(missing_ok=True)


def _path(home: Path, name: str) -> Path:
    return home / "workloads" / f"{name}.json"
