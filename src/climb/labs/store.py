"""Where results are kept: ``labs/<slug>/<id>.json`` in ``CLIMB_HOME``, one file a run."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources
from pathlib import Path

import msgspec

from climb.errors import SetupError, UsageError
from climb.labs.result import Result

__all__ = ["count", "find_result", "free_id", "newest_first", "read", "recording", "results", "save"]

_ID = re.compile(r"\d{8}T\d{6}(\.\d+)?")


def save(home: Path, result: Result) -> Path:
    """Write a result; a reader sees the old one or the new one, never half of it. Raises SetupError if it can't be kept."""
    path = home / "labs" / result.lab / f"{result.id}.json"
    temporary = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(result), indent=1))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise SetupError(
            f"the result can't be kept in {path.parent}: {error}",
            next_step="make room, or set CLIMB_HOME to a folder of yours",
        ) from error
    return path


def free_id(home: Path, slug: str, moment: dt.datetime) -> str:
    """An id for a run that begins now: its second and, if another run has that, a number. Raises SetupError."""
    taken = {path.stem for path in _files(home, slug)}
    stamp = f"{moment:%Y%m%dT%H%M%S}"
    for candidate in (stamp, *(f"{stamp}.{number}" for number in range(2, 1000))):
        if candidate not in taken:
            return candidate
    raise SetupError(f"{home / 'labs' / slug} holds a thousand runs of this second")


def read(path: Path) -> Result | None:
    """A stored result; None if the file is missing, broken or of another version."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Result)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError):
        return None


def results(home: Path, slug: str) -> list[Result]:
    """The finished runs of a lab, the newest last."""
    return [*newest_first(home, slug)][::-1]


def newest_first(home: Path, slug: str) -> Iterator[Result]:
    """The finished runs of a lab, the newest first, each read when it is asked for."""
    for path in reversed(_files(home, slug)):
        if (result := read(path)) is not None and result.finished:
            yield result


def count(home: Path, slug: str) -> int:
    """How many finished runs of a lab there are."""
    finished = 0
    for path in _files(home, slug):
        with contextlib.suppress(OSError):  # removed meanwhile
            finished += _is_finished(str(path), path.stat().st_mtime_ns)
    return finished


@lru_cache(maxsize=10_000)
def _is_finished(path: str, _changed_ns: int) -> bool:
    result = read(Path(path))
    return result is not None and result.finished


def _files(home: Path, slug: str) -> list[Path]:
    """The results of a lab, the oldest first. Raises SetupError if they may not be looked at."""
    folder = home / "labs" / slug
    try:
        paths = [path for path in folder.iterdir() if path.suffix == ".json"]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise SetupError(
            f"the results of labs can't be read: {error}", next_step=f"make {folder} a folder that you can read"
        ) from error
    return sorted(paths, key=_by_age)


def _by_age(path: Path) -> tuple[str, int, str]:
    """Runs of one second are told apart by a number, of which the longer is the larger."""
    return path.stem.partition(".")[0], len(path.stem), path.stem


def find_result(home: Path, slug: str, name: str) -> Result:
    """The run with this id, finished or not. Raises UsageError if there is none, or if its file can't be read."""
    path = home / "labs" / slug / f"{name}.json"
    result = read(path) if _ID.fullmatch(name) else None
    if result is None and path in _files(home, slug):
        raise UsageError(f"{path} is broken, or of another version", next_step=f"climb lab {slug}")
    if result is None:
        raise UsageError(f"lab {slug} has no run {name!r}", next_step=f"climb lab {slug}")
    return result


def recording(slug: str) -> Result | None:
    """The run that we recorded, for machines that can't run the lab; its ``machine`` says which one made it."""
    path = Path(str(resources.files("climb.labs"))) / "recordings" / f"{slug}.json"
    return read(path)
