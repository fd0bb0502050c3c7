"""The one place that touches /proc and /sys.

Any of these files may be missing, unreadable or gone a moment later (containers, other kernels, processes that end), so
reading one gives None instead of an error.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["Files", "Unsupported"]


class Unsupported(Exception):
    """There is no /proc on this system to read a report from."""


class Files:
    """The files below a root folder: ``/``, or a made-up one in a test."""

    def __init__(self, root: Path = Path("/")) -> None:
        self.root = root

    def text(self, path: str) -> str | None:
        """The file's text without white space around it; None if it can't be read or says nothing."""
        try:
            return (self.root / path).read_text(encoding="utf-8", errors="replace").strip() or None
        except OSError:
            return None

    def number(self, path: str) -> int | None:
        text = self.text(path)
        return int(text) if text and text.lstrip("-").isdecimal() else None

    def names(self, path: str) -> list[str]:
        """What the folder holds, sorted; raises PermissionError, and is empty for any other reason not to know."""
        try:
            return sorted(entry.name for entry in (self.root / path).iterdir())
        except PermissionError:
            raise
        except OSError:
            return []

    def link(self, path: str) -> str | None:
        try:
            return str((self.root / path).readlink())
        except OSError:
            return None
