"""The races of all known submissions, found again in their folders."""

from __future__ import annotations

from pathlib import Path

from climb.progress.folders import climb_folders
from climb.races import store

__all__ = ["find_race", "race_folders"]


def race_folders(home: Path) -> list[Path]:
    """Every race that was kept, the newest first."""
    found = [folder for climb_folder in climb_folders(home) for folder in store.newest_first(climb_folder)]
    return sorted(found, key=lambda folder: folder.name, reverse=True)


def find_race(home: Path, name: str) -> Path | None:
    """The race whose folder has this name."""
    return next((folder for folder in race_folders(home) if folder.name == name), None)
