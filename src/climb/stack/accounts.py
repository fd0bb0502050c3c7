"""Who a server runs as: this user, or, where this is root, one who may do little, and what that one can get at."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import tempfile
from pathlib import Path

from climb.stack.errors import StackError

__all__ = ["made_folder", "may_enter", "secret_file", "secret_word", "temporary_folder", "unprivileged"]

_OPEN_PLACES = ("/tmp", "/var/tmp")  # noqa: S108 - only to make folders with names of their own in


def unprivileged() -> pwd.struct_passwd | None:
    """Who a server runs as that need not be root: nobody, if this process is root, else None, the user that we are."""
    if os.geteuid() != 0:
        return None
    for name in ("nobody", "daemon"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise StackError(
        "as root, a server needs another user to run as, and there is neither nobody nor daemon",
        next_step="run it as an ordinary user",
    )


def temporary_folder(name: str, user: pwd.struct_passwd | None) -> Path:
    """A new folder of ``user``'s for what need not last; as root, in a place that everybody may pass through."""
    within = None if user is None else next((place for place in _OPEN_PLACES if _is_open(place)), None)
    folder = Path(tempfile.mkdtemp(prefix=f"climb-{name}-", dir=within))
    _give(folder, user)
    return folder


def made_folder(folder: Path, user: pwd.struct_passwd | None, *, of: str) -> Path:
    """``folder``, made for ``user`` if it is not there; ``of`` names the server in the error if that one can't get to it."""
    folder = folder.absolute()
    try:
        if not folder.exists():
            # A folder that is there is its user's, even after a kill in between.
            unfinished = folder.with_name(f"{folder.name}.new")
            unfinished.mkdir(parents=True, mode=0o700, exist_ok=True)
            _give(unfinished, user)
            unfinished.rename(folder)
        if user is not None and not may_enter(folder, user):
            raise StackError(
                f"{of} can't keep its data in {folder}: as root it runs as {user.pw_name}, who can't enter that folder",
                next_step="choose a folder that this user can enter, or name another server in the environment",
            )
    except OSError as error:
        raise StackError(f"{of} can't keep its data in {folder}: {error.strerror}") from error
    return folder


def secret_file(file: Path, user: pwd.struct_passwd | None, text: str) -> None:
    """Write a file that only ``user`` and root can read, in place of one that may be there; whoever finds it finds it whole."""
    unfinished = file.with_name(f"{file.name}.new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
    _give(unfinished, user)
    unfinished.rename(file)


def secret_word(file: Path, user: pwd.struct_passwd | None) -> str:
    """The secret in that file; one is made and written there if there is none."""
    if not file.exists():
        secret_file(file, user, secrets.token_hex(16))
    return file.read_text()


def may_enter(path: Path, user: pwd.struct_passwd) -> bool:
    """Whether ``user`` can get to ``path`` and enter or execute it, as far as owners and modes say."""
    return all(_allowed(place, user) for place in (path, *path.resolve().parents))


def _give(path: Path, user: pwd.struct_passwd | None) -> None:
    if user is not None:
        os.chown(path, user.pw_uid, user.pw_gid)


def _allowed(place: Path, user: pwd.struct_passwd) -> bool:
    state = place.stat()
    shift = 6 if state.st_uid == user.pw_uid else 3 if state.st_gid == user.pw_gid else 0
    return bool(state.st_mode >> shift & 0o1)


def _is_open(place: str) -> bool:
    return Path(place).is_dir() and Path(place).stat().st_mode & 0o003 == 0o003
