"""Files below one folder, and nothing else of this machine.

What is opened is first only pointed at (O_PATH: no pipe is waited for, no device notices), then the kernel is asked where that
truly is, and only then is the very same thing opened to be read. So it makes no difference which symbolic links are on the way, or
who exchanges them meanwhile: the answer is about what is in hand. A way without links, which the kernel knows by heart, needs no
second question: it can't lead out.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from climb.systems.http.cached_lookup import READ, open_straight, point_at_cached, point_straight

__all__ = ["Folder", "Opened", "OutOfFilesError"]

_NOT_THERE = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EACCES, errno.EPERM, errno.ENXIO}
)
_NO_MORE = frozenset({errno.EMFILE, errno.ENFILE})
_NO_NAMES = frozenset({b"", b".", b".."})
_POINT = os.O_PATH | os.O_CLOEXEC


class OutOfFilesError(Exception):
    """No file descriptor is left."""


class Opened:
    """A file or a folder below the root, open: whoever has it closes it."""

    __slots__ = ("descriptor", "status")

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.status = os.fstat(descriptor)

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.status.st_mode)

    def close(self) -> None:
        """Let go of it."""
        os.close(self.descriptor)


class Folder:
    """The root of what is served."""

    def __init__(self, root: Path) -> None:
        self._descriptor = os.open(root, _POINT | os.O_DIRECTORY)

    def open(self, segments: Sequence[bytes], *, waits: bool = True) -> Opened | None:
        """Return the file or folder with that path, or None if there is none that may be seen.

        Without ``waits``, BlockingIOError says that a disk would have to be asked. OutOfFilesError: no descriptor is left.
        """
        path = b"/".join(segments)
        if not _NO_NAMES.isdisjoint(segments) or path.count(b"/") >= max(len(segments), 1) or b"\0" in path:
            return None
        try:
            return self._open(path or b".", waits)
        except OSError as error:
            if error.errno in _NOT_THERE:
                return None
            if error.errno in _NO_MORE:
                raise OutOfFilesError from error
            raise

    def _open(self, path: bytes, waits: bool) -> Opened | None:
        ours = self._descriptor
        if waits:
            return self._opened(os.open(path, _POINT, dir_fd=ours))
        try:
            pointed = point_straight(path, ours)
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
            return self._opened(point_at_cached(path, ours))
        try:
            if not _is_file_or_folder(os.fstat(pointed).st_mode):
                return None
        finally:
            os.close(pointed)
        opened = Opened(open_straight(path, ours))
        if _is_file_or_folder(opened.status.st_mode):
            return opened
        opened.close()  # it was exchanged meanwhile
        return None

    def _opened(self, pointed: int) -> Opened | None:
        """Open what is pointed at, if it is ours and may be seen."""
        try:
            if not self._holds(pointed) or not _is_file_or_folder(os.fstat(pointed).st_mode):
                return None
            return Opened(os.open(f"/proc/self/fd/{pointed}", READ))
        finally:
            os.close(pointed)

    def _holds(self, descriptor: int) -> bool:
        root, place = _place(self._descriptor), _place(descriptor)
        return place == root or place.startswith(root.rstrip(b"/") + b"/")

    def close(self) -> None:
        """Let go of the root."""
        os.close(self._descriptor)


def _place(descriptor: int) -> bytes:
    """Return where the kernel says that this is, links and all resolved."""
    return os.readlink(b"/proc/self/fd/%d" % descriptor)  # noqa: PTH115 - names are bytes here


def _is_file_or_folder(mode: int) -> bool:
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)
