"""Where submissions are: one folder a line in ``folders.txt`` of ``CLIMB_HOME``. It only says where to look for runs."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

__all__ = ["climb_folders", "remember"]


def remember(home: Path, folder: Path) -> None:
    """Note a submission's folder, once. A home that can't be written to keeps nobody from judging."""
    text = str(folder.resolve())
    if "\n" in text or text in _lines(home):
        return
    with contextlib.suppress(OSError, UnicodeEncodeError):
        home.mkdir(parents=True, exist_ok=True)
        with (home / "folders.txt").open("a", encoding="utf-8") as file:
            file.write(text + "\n")


def _known_folders(home: Path) -> list[Path]:
    """The submissions' folders that are still there, in the order in which they were first met."""
    # os.path knows no errors: what may not be looked at, such as a folder of another user, is not there for us.
    return [Path(line) for line in dict.fromkeys(_lines(home)) if os.path.isfile(f"{line}/climb.toml")]  # noqa: PTH113


def climb_folders(home: Path) -> list[Path]:
    """Every folder that holds a ``runs`` folder: the submissions' own, then those of our systems."""
    ours: list[Path] = []
    with contextlib.suppress(OSError):  # nobody's progress hangs on the runs of our systems
        ours = sorted((home / "reference").glob("*/.climb"))
    return [folder / ".climb" for folder in _known_folders(home)] + ours


def _lines(home: Path) -> list[str]:
    try:
        return (home / "folders.txt").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
