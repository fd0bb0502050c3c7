"""Which file system a path is on."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from climb.labs import machine


def mounts(monkeypatch: pytest.MonkeyPatch, *known: tuple[str, str]) -> None:
    parts = [SimpleNamespace(mountpoint=place, fstype=kind) for place, kind in known]
    monkeypatch.setattr(machine.psutil, "disk_partitions", lambda **_all: parts)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_file_system_is_named() -> None:
    """/proc is of type proc, as mounted."""
    assert machine.file_system(Path("/proc/self")) == "proc"


def test_the_nearest_mount_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A mount below another one covers it, and a name that begins alike does not matter."""
    place = tmp_path.resolve()
    mounts(monkeypatch, (str(place / "in"), "xfs"), ("/", "ext4"), (str(place), "btrfs"))

    assert machine.file_system(place / "in" / "file") == "xfs"
    assert machine.file_system(place / "inside") == "btrfs"
    assert machine.file_system(Path("/")) == "ext4"


def test_the_last_mount_at_a_place_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is mounted over another hides it."""
    mounts(monkeypatch, ("/", "rootfs"), ("/", "overlay"))

    assert machine.file_system(tmp_path) == "overlay"


def test_a_system_that_does_not_tell_is_unknown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without mounts there is no type."""
    mounts(monkeypatch)

    assert machine.file_system(tmp_path) == "unknown"
