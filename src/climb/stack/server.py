"""One server on loopback that lives as long as a block, in the hands of a keeper."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from climb.stack.errors import StackError

__all__ = ["Kept", "Order", "answers", "free_port", "kept", "temporary_folder", "unprivileged"]

_LOOK_S = 0.01
_LAST_LINES = 12
_OPEN_PLACES = ("/tmp", "/var/tmp")  # noqa: S108 - only to make folders with names of their own in


@dataclass(frozen=True)
class Order:
    """A server to keep: ``before`` are commands that end first, ``stop`` the signals that end it, the gentlest first."""

    name: str
    command: Sequence[str]
    folder: Path
    log: Path
    before: Sequence[Sequence[str]] = ()
    remove: Sequence[Path] = ()
    stop: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGKILL)
    step_s: float = 5.0
    """how long each of these signals may take"""
    environment: Mapping[str, str] = field(default_factory=dict)
    user: pwd.struct_passwd | None = None

    def line(self) -> bytes:
        """The order as the keeper reads it."""
        document = {
            "command": list(self.command),
            "before": [list(words) for words in self.before],
            "folder": str(self.folder),
            "log": str(self.log),
            "remove": [str(folder) for folder in self.remove],
            "stop": [int(number) for number in self.stop],
            "step_s": self.step_s,
            "environment": dict(self.environment),
            "user": self.user and self.user.pw_uid,
            "group": self.user and self.user.pw_gid,
        }
        return json.dumps(document).encode() + b"\n"


class Kept:
    """A server in the hands of its keeper."""

    def __init__(self, order: Order, keeper: subprocess.Popen[bytes]) -> None:
        self._order = order
        self._keeper = keeper

    def check(self) -> None:
        """Raise StackError with its last words if the server has ended."""
        if self._keeper.poll() is not None:
            code = self._keeper.returncode
            raise StackError(f"{self._order.name} has ended with {code}{_last_words(self._order.log)}")


@contextmanager
def kept(order: Order, ready: Callable[[], bool], *, within_s: float) -> Iterator[Kept]:
    """Run the server while the block lasts; raise StackError with its last words if it is not ``ready`` in time."""
    keeper = subprocess.Popen(
        [sys.executable, "-m", "climb.stack.keeper"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert keeper.stdin is not None
    try:
        with contextlib.suppress(BrokenPipeError):  # then it has ended, and the wait says so
            keeper.stdin.write(order.line())
            keeper.stdin.flush()
        server = Kept(order, keeper)
        _wait(order, server, ready, within_s)
        yield server
    finally:
        with contextlib.suppress(BrokenPipeError):
            keeper.stdin.close()
        keeper.wait()


def _wait(order: Order, server: Kept, ready: Callable[[], bool], within_s: float) -> None:
    end = time.monotonic() + within_s
    while not ready():
        server.check()
        if time.monotonic() > end:
            raise StackError(f"{order.name} was not ready within {within_s:g} s{_last_words(order.log)}")
        time.sleep(_LOOK_S)


def _last_words(log: Path) -> str:
    try:
        lines = log.read_text(errors="replace").splitlines()[-_LAST_LINES:]
    except OSError:
        return ""
    return "; it said:\n  " + "\n  ".join(lines) if lines else ", and said nothing"


def free_port() -> int:
    """A TCP port of 127.0.0.1 that is free now; another program may take it before it is used."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Whether something accepts connections there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def unprivileged() -> pwd.struct_passwd | None:
    """Who a server runs as that refuses to be root: nobody, if this process is root, else None, the user that we are."""
    if os.geteuid() != 0:
        return None
    for name in ("nobody", "daemon"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise StackError(
        "as root, PostgreSQL needs another user to run as, and there is neither nobody nor daemon",
        next_step="run it as an ordinary user",
    )


def temporary_folder(name: str, user: pwd.struct_passwd | None) -> Path:
    """A new folder of ``user``'s for what need not last; as root, in a place that everybody may pass through."""
    within = None if user is None else next((place for place in _OPEN_PLACES if _is_open(place)), None)
    folder = Path(tempfile.mkdtemp(prefix=f"climb-{name}-", dir=within))
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    return folder


def _is_open(place: str) -> bool:
    return Path(place).is_dir() and Path(place).stat().st_mode & 0o003 == 0o003
