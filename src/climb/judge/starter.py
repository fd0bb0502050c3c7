"""A new folder with a starter: the beginning of a submission, with all that its project's contract says."""

from __future__ import annotations

import shutil
from pathlib import Path

from climb.errors import SetupError, UsageError
from climb.judge.project import ProjectInfo, projects_folder

__all__ = ["contract_files", "make_folder"]

_CONTRACT = {
    "brief.md": "BRIEF.md",
    "openapi.yaml": "openapi.yaml",
}  # of the project, and as it is called in the new folder
_BUILT = ("target", "node_modules", "__pycache__", "dist", "_build")


def contract_files(slug: str) -> dict[str, Path]:
    """What the contract of a project is written in, by its name in a new folder: the brief, and for some projects ``openapi.yaml``."""
    folder = projects_folder() / slug
    return {name: folder / of for of, name in _CONTRACT.items() if (folder / of).is_file()}


def make_folder(info: ProjectInfo, language: str, target: Path) -> None:
    """Copy the starter in ``language`` and the contract to ``target``, which must be new or empty.

    Raises UsageError if there is no such starter or the folder is in use, SetupError if it can't be written.
    """
    if language not in info.languages:
        raise UsageError(
            f"there is no starter in {language!r}; there is: {', '.join(info.languages)}",
            next_step="any language works: make a folder with a climb.toml (project, run, and build if it needs one)",
        )
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(
            f"{target} exists and is not an empty folder; nothing was written",
            next_step=f"climb start {info.slug} --lang {language} DIR",
        )
    folder = projects_folder() / info.slug
    try:
        shutil.copytree(
            folder / "starters" / language, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*_BUILT)
        )
        for name, file in contract_files(info.slug).items():
            shutil.copy(file, target / name)
    except OSError as error:
        raise SetupError(f"{target} can't be written: {error}", next_step="choose a folder that is yours") from error
