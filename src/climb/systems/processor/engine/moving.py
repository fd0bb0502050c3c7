"""The folders of partitions, and what happens to them when the number of workers has changed.

All partitions of one division of the sensors are in one folder, ``partitions-<number>-<workers>``. Another division is made
beside it from all that the old one holds, and gets its name, with the next number, when it is on the disk; then the old one
is deleted. The highest number counts, so a crash at any moment leaves one whole division or the other.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from climb.systems.processor.engine.log import sync_folder

__all__ = ["prepare"]

_NAME = re.compile(r"partitions-(\d+)-(\d+)")
_NEW = "partitions.tmp"


def prepare(data_dir: Path, window_ms: int, slide_ms: int, workers: int) -> list[Path]:
    """Return the folder of each partition, after moving what there is to so many workers."""
    shutil.rmtree(data_dir / _NEW, ignore_errors=True)
    divisions = _divisions(data_dir)
    if not divisions or divisions[-1][1] != workers:
        _divide(data_dir, divisions, window_ms, slide_ms, workers)
        divisions = _divisions(data_dir)
    for number, count in divisions[:-1]:
        shutil.rmtree(data_dir / f"partitions-{number}-{count}")
    return _folders(data_dir / f"partitions-{divisions[-1][0]}-{workers}", workers)


def _divisions(data_dir: Path) -> list[tuple[int, int]]:
    """Return number and workers of each division, the one that counts last."""
    found = (_NAME.fullmatch(path.name) for path in data_dir.iterdir())
    return sorted((int(match[1]), int(match[2])) for match in found if match)


def _folders(division: Path, workers: int) -> list[Path]:
    return [division / str(worker) for worker in range(workers)]


def _divide(data_dir: Path, divisions: list[tuple[int, int]], window_ms: int, slide_ms: int, workers: int) -> None:
    """Make the next division, from the last one if there is one."""
    new = data_dir / _NEW
    folders = _folders(new, workers)
    for folder in folders:
        folder.mkdir(parents=True)
    number = 1
    if divisions:
        from climb.systems.processor.engine.redividing import redivide

        last, count = divisions[-1]
        number = last + 1
        redivide(_folders(data_dir / f"partitions-{last}-{count}", count), folders, window_ms, slide_ms)
    for folder in [*folders, new]:
        sync_folder(folder)
    new.rename(data_dir / f"partitions-{number}-{workers}")
    sync_folder(data_dir)
