"""Hints that open one at a time. Which are open is kept beside the runs, so that it survives the terminal."""

from __future__ import annotations

from pathlib import Path

import msgspec

from climb.judge.stage import Stage

__all__ = ["Opened", "left", "open_next"]


class Opened(msgspec.Struct, frozen=True):
    """The hints of one stage that are open now, in order, and how many there are."""

    hints: tuple[str, ...]
    total: int


def open_next(climb_folder: Path, stage: Stage) -> Opened:
    """Open one more hint of ``stage``; once all are open, they are shown again."""
    opened = _read(climb_folder)
    count = min(opened.get(stage.id, 0) + 1, len(stage.hints))
    opened[stage.id] = count
    climb_folder.mkdir(parents=True, exist_ok=True)
    _path(climb_folder).write_bytes(msgspec.json.format(msgspec.json.encode(opened)))
    return Opened(stage.hints[:count], len(stage.hints))


def left(climb_folder: Path, stage: Stage) -> int:
    """How many hints of ``stage`` are still closed."""
    return len(stage.hints) - min(_read(climb_folder).get(stage.id, 0), len(stage.hints))


def _path(climb_folder: Path) -> Path:
    return climb_folder / "hints.json"


def _read(climb_folder: Path) -> dict[str, int]:
    try:
        return msgspec.json.decode(_path(climb_folder).read_bytes(), type=dict[str, int])
    except (OSError, UnicodeDecodeError, msgspec.DecodeError):
        return {}  # nothing opened yet, or a file cut short: losing it costs the learner nothing
