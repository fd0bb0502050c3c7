"""Folders for the data of services: empty, on a disk, with a short path, and gone when the check ends.

On a disk, because a folder in memory makes a promise to survive a crash look cheaper than it is: fsync costs nothing there. Many
systems keep /tmp in memory; /var/tmp is on a disk almost everywhere (hier(7)). Short, because a program may want a Unix socket
there, whose path has 107 bytes at most (unix(7)).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from climb.errors import SetupError

__all__ = ["Scratch"]

_IN_MEMORY = {"tmpfs", "ramfs"}
_LISTED = 200  # files


class Scratch:
    """A place for the folders of one check; ``remove`` takes all of them away."""

    def __init__(self) -> None:
        parent = _on_disk()
        try:
            self.root = Path(tempfile.mkdtemp(prefix="climb-", dir=parent))
            self.logs = self.root / "logs"
            self.logs.mkdir()
        except OSError as error:
            raise SetupError(f"no folder for a service's data can be made: {error}", next_step="make room") from error

    def folder(self, name: str) -> Path:
        """A new empty folder; a name that was given before gets a number."""
        number = 1
        while True:
            path = self.root / (name if number == 1 else f"{name}-{number}")
            try:
                path.mkdir()
            except FileExistsError:
                number += 1
                continue
            return path

    def listing(self) -> str:
        """What lies in the folders: a line for each file with its size."""
        files = [path for path in sorted(self.root.rglob("*")) if self._is_data(path)]
        lines = [f"{path.stat().st_size:>14,}  {path.relative_to(self.root)}" for path in files[:_LISTED]]
        more = [f"… and {len(files) - _LISTED} more files"] if len(files) > _LISTED else []
        return "\n".join([*lines, *more, ""])

    def _is_data(self, path: Path) -> bool:
        return self.logs not in path.parents and not path.is_symlink() and path.is_file()

    def remove(self) -> None:
        """Delete everything; what a program made unreadable is made readable first."""
        shutil.rmtree(self.root, onerror=_unlock)


def _on_disk() -> Path:
    """The folder for temporary files that outlive a boot, unless it is not ours to write to, or in memory; then Python's."""
    preferred = Path("/var/tmp")  # noqa: S108 - the folders in it are made by mkdtemp
    if os.access(preferred, os.W_OK | os.X_OK) and _file_system(preferred) not in _IN_MEMORY:
        return preferred
    return Path(tempfile.gettempdir())


def _file_system(path: Path) -> str:
    """The type of the file system that ``path`` is on; empty where the system does not say (proc_pid_mountinfo(5))."""
    try:
        mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    except OSError:
        return ""
    over = [fields for fields in mounts if path.is_relative_to(fields[4])]
    deepest = max(over, key=lambda fields: len(fields[4]), default=None)
    return deepest[deepest.index("-") + 1] if deepest else ""


def _unlock(function: object, path: str, _error: object) -> None:
    parent = Path(path).parent
    for blocked in (parent, Path(path)):
        if blocked.is_dir() and not blocked.is_symlink():
            blocked.chmod(0o700)
    if callable(function):
        try:
            function(path)
        except OSError:
            shutil.rmtree(path, ignore_errors=True)
