"""One server on loopback that lives as long as a block, in the hands of a keeper."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from climb.stack.errors import StackError

__all__ = ["Kept", "Order", "kept"]

_LOOK_S = 0.01
_LAST_LINES = 12
_BEYOND_S = 15.0  # what a keeper may take for a request, beyond the time that the server is given to end


@dataclass(frozen=True)
class Order:
    """A server to keep: ``before`` are commands that end first, ``stop`` the signals that end it, the gentlest first."""

    name: str
    command: Sequence[str]
    folder: Path
    log: Path
    address: str = ""
    before: Sequence[Sequence[str]] = ()
    makes: Path | None = None
    """what the commands before leave; they are passed over if it is there"""
    data: Path | None = None
    """the folder that is removed when the server's data are to be forgotten"""
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
            "makes": self.makes and str(self.makes),
            "data": self.data and str(self.data),
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


@dataclass(frozen=True)
class _State:
    """How a server is: before, running, paused or ended; since which request, as which process, or with which exit code."""

    after: int
    state: str
    pid: int | None
    code: int


class Kept:
    """A server in the hands of its keeper, which its owner can kill, pause, stop and start again.

    It keeps its port and its data meanwhile. Each of the methods returns when it is done; they may be called from any thread.
    """

    def __init__(
        self, order: Order, keeper: subprocess.Popen[bytes], ready: Callable[[], bool], *, within_s: float
    ) -> None:
        self._order = order
        self._keeper = keeper
        self._ready = ready
        self._within_s = within_s
        self._lock = threading.Lock()
        self._number = 0
        self._rest = b""
        self._state = _State(0, "before", None, 0)

    @property
    def address(self) -> str:
        """Where clients find it; the same after each start."""
        return self._order.address

    @property
    def log(self) -> Path:
        """What it says of itself."""
        return self._order.log

    @property
    def program(self) -> str:
        """What runs, as a file."""
        return self._order.command[0]

    @property
    def pid(self) -> int | None:
        """The first of its processes, while there is one."""
        with self._lock:
            return self._news(0).pid

    def check(self) -> None:
        """Raise StackError with its last words if the server has ended."""
        with self._lock:
            now = self._news(0)
        if now.state == "ended":
            raise StackError(f"{self._order.name} has ended with {now.code}{_last_words(self._order.log)}")

    def wait_for_end(self) -> int:
        """Wait until the server has ended by itself; its exit code. Nothing else may be asked meanwhile."""
        with self._lock:
            while self._news(None).state != "ended":
                pass
            return self._state.code

    def wait_until_ready(self) -> None:
        """Wait for the server to take requests; raise StackError with its last words if it does not in time."""
        end = time.monotonic() + self._within_s
        while not self._ready():
            self.check()
            if time.monotonic() > end:
                raise StackError(f"{self._order.name} was not ready within {self._within_s:g} s{_last_words(self.log)}")
            time.sleep(_LOOK_S)

    def start(self) -> None:
        """Start it again, where it was and with the data that it has; it takes requests when this returns."""
        self._ask("start")
        self.wait_until_ready()

    def stop(self) -> None:
        """End it in order."""
        self._ask("end")

    def kill(self) -> None:
        """End all its processes at once (SIGKILL)."""
        self._ask("kill")

    def pause(self) -> None:
        """Let none of its processes run (SIGSTOP), so that it holds its connections and answers nothing."""
        self._ask("pause")

    def resume(self) -> None:
        """Let its processes run again (SIGCONT)."""
        self._ask("resume")

    def forget(self) -> None:
        """Throw its data away, so that the next start begins without any; it must not run."""
        if self._order.data is None:
            raise StackError(f"{self._order.name} has no data to forget")
        if self._ask("forget").state != "ended":
            raise StackError(f"{self._order.name} runs; stop it before its data are thrown away")

    def _ask(self, request: str) -> _State:
        with self._lock:
            self._number += 1
            assert self._keeper.stdin is not None
            with contextlib.suppress(BrokenPipeError):  # then it has ended, and the wait says so
                self._keeper.stdin.write(json.dumps({"number": self._number, "do": request}).encode() + b"\n")
                self._keeper.stdin.flush()
            end = time.monotonic() + len(self._order.stop) * self._order.step_s + _BEYOND_S
            while self._state.after < self._number:
                if time.monotonic() > end:
                    raise StackError(f"the keeper of {self._order.name} does not answer")
                self._news(_LOOK_S)
            return self._state

    def _news(self, timeout_s: float | None) -> _State:
        """The state after what the keeper has said, for which this waits so long; the lock must be held."""
        assert self._keeper.stdout is not None
        pipe = self._keeper.stdout.fileno()
        while select.select([pipe], [], [], timeout_s)[0]:
            piece = os.read(pipe, 1 << 16)
            if not piece:
                raise StackError(f"the keeper of {self._order.name} has ended{_last_words(self._order.log)}")
            *whole, self._rest = (self._rest + piece).split(b"\n")
            if whole:
                self._state = _State(**json.loads(whole[-1]))
                break
        return self._state


@contextmanager
def kept(order: Order, ready: Callable[[], bool], *, within_s: float) -> Iterator[Kept]:
    """Run the server while the block lasts; raise StackError with its last words if it is not ``ready`` in time.

    Its log begins anew.
    """
    order.log.unlink(missing_ok=True)
    keeper = subprocess.Popen(
        [sys.executable, "-m", "climb.stack.keeper"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert keeper.stdin is not None
    assert keeper.stdout is not None
    try:
        with contextlib.suppress(BrokenPipeError):  # then it has ended, and the wait says so
            keeper.stdin.write(order.line())
            keeper.stdin.flush()
        server = Kept(order, keeper, ready, within_s=within_s)
        server.wait_until_ready()
        yield server
    finally:
        with contextlib.suppress(BrokenPipeError):
            keeper.stdin.close()
        with keeper.stdout as told:
            while told.read(1 << 16):  # what it still says, so that it is never held up by a full pipe
                pass
        keeper.wait()


def _last_words(log: Path) -> str:
    try:
        said = log.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    lines = [line for line in said if line.strip()][-_LAST_LINES:]
    return "; it said:\n  " + "\n  ".join(lines) if lines else ", and said nothing"
