"""What is kept of compiled policies."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from climb.systems.scheduler import compiled


def test_old_versions_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what was compiled from other sources, the newest few stay, and so does what is in use."""
    monkeypatch.setenv("CLIMB_HOME", str(tmp_path))
    compiled._folder.cache_clear()
    shelf = tmp_path / "cache" / "scheduler"
    for age in range(7):
        (shelf / f"version-{age}").mkdir(parents=True)
        os.utime(shelf / f"version-{age}", (1_000_000 - age, 1_000_000 - age))

    able = compiled._can_keep()
    left = {path.name for path in shelf.iterdir()}
    ours = compiled._folder().name
    compiled._folder.cache_clear()

    assert able
    assert left == {ours, "version-0", "version-1", "version-2"}
