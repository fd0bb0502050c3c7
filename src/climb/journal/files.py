"""The journal's folder: names that stay inside it, one lock for all who write, and files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import secrets
import shutil
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from climb.errors import SetupError, UsageError

__all__ = [
    "journal_folder",
    "locked",
    "markdown_files",
    "path_of",
    "revision_of",
    "sync_folder",
    "write_over",
    "write_whole",
]

_LOCK_SECONDS = 10.0
_TEMPORARY = ".saving-"
_LONGEST_NAME = 255 - len(".md")  # bytes of a file name


def journal_folder(home: Path) -> Path:
    """Where the entries are; the folder need not exist yet."""
    return home / "journal"


def path_of(home: Path, name: str) -> Path:
    """The file of the entry ``name``. Raises UsageError if the name, or a link in its place, could lead out of the journal."""
    if not _is_plain(name):
        raise UsageError(f"{name!r} is not the name of an entry", next_step="climb reflect --list")
    folder = journal_folder(home)
    path = folder / f"{name}.md"
    with _readable(folder):
        linked = path.is_symlink()
    if linked:
        real = path.resolve()
        if real.parent != folder.resolve():
            raise UsageError(f"{path} is a link to {real}, which is not in the journal")
        return real
    return path


def markdown_files(folder: Path) -> list[Path]:
    """The Markdown files in a folder of the journal, by name, without hidden ones; none if there is no such folder.

    Raises SetupError if it may not be looked at.
    """
    with _readable(folder):
        if not folder.is_dir():
            return []
        return sorted(
            path for path in folder.iterdir() if path.suffix == ".md" and path.name[0] != "." and path.is_file()
        )


@contextlib.contextmanager
def _readable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SetupError(
            f"the journal can't be read: {error}", next_step=f"make {folder} a folder that you can read"
        ) from error


def _is_plain(name: str) -> bool:
    odd = any(character == "/" or unicodedata.category(character) in ("Cc", "Cs") for character in name)
    return bool(name) and not name.startswith(".") and not odd and len(name.encode()) <= _LONGEST_NAME


def revision_of(data: bytes) -> str:
    """What stands for a file's content: two different contents have different ones."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


@contextlib.contextmanager
def locked(home: Path) -> Iterator[Path]:
    """The journal's folder, made if need be, while nobody else writes in it.

    Raises SetupError if that can't be had, or if what is done meanwhile meets a file system that refuses.
    """
    folder = journal_folder(home)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("ab") as file:
            _wait_for(file)
            _remove_leftovers(folder)
            yield folder
    except OSError as error:
        raise SetupError(
            f"the journal can't be written: {error}", next_step=f"make {folder} a folder that you can write to"
        ) from error


def _wait_for(file: IO[bytes]) -> None:
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            if time.monotonic() > deadline:
                raise TimeoutError(f"another program has held {file.name} for {_LOCK_SECONDS:.0f} s") from error
            time.sleep(0.005)
        else:
            return


def _remove_leftovers(folder: Path) -> None:
    """Who writes holds the lock, so a temporary file found under it is of a process that was killed."""
    for where in (folder, folder / ".drafts"):
        for path in where.glob(f"{_TEMPORARY}*"):
            path.unlink(missing_ok=True)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file, under the lock: whoever reads, even after a power cut, finds what it held before or ``data``, whole."""
    with _prepared(path, data) as temporary:
        temporary.replace(path)


def write_over(path: Path, old: bytes | None, data: bytes) -> bool:
    """Write a file as ``write_whole`` does, if it still holds ``old``; None: if there still is none. Whether it was written.

    An editor knows nothing of our lock, so this looks at the last moment.
    """
    with _prepared(path, data) as temporary:
        if old is None:
            return _appeared(temporary, path)
        if path.read_bytes() != old:
            return False
        temporary.replace(path)
        return True


@contextlib.contextmanager
def _prepared(path: Path, data: bytes) -> Iterator[Path]:
    """``data`` on the disk, in a file that only has to be renamed to ``path``."""
    temporary = path.parent / f"{_TEMPORARY}{secrets.token_hex(8)}"
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileNotFoundError):
            shutil.copymode(path, temporary)
        yield temporary
        temporary.unlink(missing_ok=True)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _appeared(temporary: Path, path: Path) -> bool:
    """Give a file its name, if nobody has it yet."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        if path.exists():
            return False
        temporary.replace(path)
    return True


def sync_folder(folder: Path) -> None:
    """Make names that were given or taken away survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
