"""Where races are kept: one folder each in ``.climb/races`` of the submission, beside the runs, with the document in it.

    .climb/races/20260314T150926-41c2/race.json

A folder is made when the races are over, so one that was interrupted leaves nothing.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from climb.errors import SetupError, UsageError
from climb.races.document import Racing

__all__ = ["newest_first", "read", "save"]

_KEEP = 50
_NAME = "race.json"


def save(climb_folder: Path, stamp: str, racing: Racing) -> Path:
    """Keep a document; old ones beyond the newest 50 go. The new folder.

    Raises SetupError if it can't be kept.
    """
    races = climb_folder / "races"
    folder = _free(races, f"{stamp}-{racing.seed}")
    new = folder.with_name(f".{folder.name}.new")
    try:
        new.mkdir(parents=True)
        _ignore_by_git(climb_folder)
        (new / _NAME).write_bytes(msgspec.json.format(msgspec.json.encode(racing), indent=2))
        new.rename(folder)
    except OSError as error:
        shutil.rmtree(new, ignore_errors=True)
        raise SetupError(
            f"the race can't be kept in {races}: {error}", next_step=f"make {races} a folder that you can write to"
        ) from error
    for old in newest_first(climb_folder)[_KEEP:]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def newest_first(climb_folder: Path) -> list[Path]:
    """The folders of all races that were kept, by their start."""
    return sorted((path.parent for path in (climb_folder / "races").glob(f"[0-9]*/{_NAME}")), reverse=True)


def read(folder: Path) -> Racing:
    """What was kept. Raises UsageError if it can't be read."""
    path = folder / _NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=Racing)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise UsageError(f"{path} can't be read: {error}", next_step="climb race   (makes a new one)") from error


def _free(races: Path, name: str) -> Path:
    taken = (races / name).exists()
    if not taken:
        return races / name
    return next(path for number in range(2, 1000) if not (path := races / f"{name}.{number}").exists())


def _ignore_by_git(climb_folder: Path) -> None:
    ignore = climb_folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
