"""The process that keeps one server for its owner: ``python -m climb.stack.keeper``.

The owner writes an order, one line of JSON, to standard input and leaves that pipe open. When it closes, because the owner is
done or was killed, the keeper ends the server and removes the server's folders. So nothing is left, whatever happened, and the
owner needs no handler for it. If the keeper itself is killed, the kernel ends the server.

Through the same pipe the owner may ask for what goes wrong with servers: a kill, a pause, another start. After each request, and
whenever the server ends, the keeper writes a line to standard output: the number of the last request, and how the server is.

What a server leaves when it is killed becomes a child of the keeper's (prctl(2), PR_SET_CHILD_SUBREAPER), so that all of it can
be found and ended. PostgreSQL needs that: its processes are in groups of their own, and some outlive the first of them.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from climb.parent import end_with_parent
from climb.stack.leftovers import descendants, free_shared_memory, signal_all, sweep

__all__ = ["main"]

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_NOT_STARTED = 127  # as a shell says it


def main() -> int:
    """Do what the order says, and what is asked for later, until the owner is gone."""
    for number in _ENDINGS:
        signal.signal(number, signal.SIG_IGN)  # a Ctrl-C is the owner's to handle: it closes the pipe
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    lines = _Lines()
    order = lines.wait([])
    if not order:
        return 2
    keeper = _Keeper(order[0])
    try:
        keeper.serve(lines, order[1:])
    except BrokenPipeError:  # the owner went while it was told something
        pass
    finally:
        keeper.end()
        for folder in order[0]["remove"]:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


class _Lines:
    """The lines on standard input, as documents."""

    def __init__(self) -> None:
        self._rest = b""

    def wait(self, others: list[int]) -> list[dict[str, Any]] | None:
        """What came, as soon as something did or one of ``others`` has news; None when the pipe is closed."""
        if 0 not in select.select([0, *others], [], [])[0]:
            return []
        while piece := os.read(0, 1 << 16):
            *whole, self._rest = (self._rest + piece).split(b"\n")
            if whole:
                return [json.loads(line) for line in whole]
        return None


class _Keeper:
    """The server of one order: one process at a time, of the commands that come before it or its own."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._order = order
        self._log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._process: subprocess.Popen[bytes] | None = None
        self._since_s = 0  # when it was started, in whole seconds of the clock
        self._ended = -1  # a pidfd, while there is a process
        self._to_come: list[list[str]] = []
        self._paused = False
        self._code = 0
        self._number = 0
        self._does = {
            "start": self.start,
            "end": self.end,
            "kill": self.kill,
            "pause": self.pause,
            "resume": self.resume,
            "forget": self.forget,
        }

    def serve(self, lines: _Lines, asked: list[dict[str, Any]]) -> None:
        """Start the server, then do what is asked until the pipe is closed."""
        self.start()
        while True:
            for request in asked:
                self._number = request["number"]
                self._does[request["do"]]()
                self._tell()
            came = lines.wait([self._ended] if self._process else [])
            if came is None:
                return
            asked = came
            if self._process and select.select([self._ended], [], [], 0)[0]:
                self._go_on()

    def start(self) -> None:
        """Start the server, after the commands that make its data if they are not there, unless it runs."""
        if self._process:
            return
        order = self._order
        made = order["makes"] and Path(order["makes"]).exists()
        self._to_come = [*([] if made else order["before"]), order["command"]]
        self._next()

    def end(self) -> None:
        """End the server, the gentlest way first, and all that it left."""
        if not self._process:
            return
        self.resume()
        for number in self._order["stop"]:
            self._process.send_signal(number)
            if select.select([self._ended], [], [], self._order["step_s"])[0]:
                break
        self._gone()

    def kill(self) -> None:
        """End the server and all that it started without a chance to say anything."""
        if self._process:
            self._process.kill()
            self._gone()

    def pause(self) -> None:
        """Let neither the server nor anything that it started run."""
        if not self._process:
            return
        self._process.send_signal(signal.SIGSTOP)  # the first of them first: it starts the others
        signal_all(descendants(self._process.pid), signal.SIGSTOP)
        self._paused = True

    def resume(self) -> None:
        """Let them run again."""
        if self._process and self._paused:
            signal_all([*descendants(self._process.pid), self._process.pid], signal.SIGCONT)
            self._paused = False

    def forget(self) -> None:
        """Remove the data of a server that does not run."""
        if not self._process and self._order["data"]:
            shutil.rmtree(self._order["data"], ignore_errors=True)

    def _next(self) -> None:
        words = self._to_come.pop(0)
        self._since_s = int(time.time())
        try:
            self._process = _started(words, self._order, self._log)
        except (OSError, subprocess.SubprocessError) as error:
            os.write(self._log, f"{words[0]} can't be started: {error}\n".encode())
            self._code = _NOT_STARTED
            self._tell()
            return
        self._ended = os.pidfd_open(self._process.pid)
        self._paused = False
        self._tell()

    def _go_on(self) -> None:
        """What ran has ended by itself: go on with what comes next, if it ended well and there is something."""
        going_on = bool(self._to_come)
        self._gone()
        if going_on and self._code == 0:
            self._next()
        else:
            self._tell()

    def _gone(self) -> None:
        """Forget the process, when nothing is left of it."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._code = self._process.wait()
        os.close(self._ended)
        sweep()
        free_shared_memory(self._process.pid, self._since_s)
        self._process = None

    def _tell(self) -> None:
        process = self._process
        state = "ended" if process is None else "paused" if self._paused else "before" if self._to_come else "running"
        document = {"after": self._number, "state": state, "pid": process and process.pid, "code": self._code}
        os.write(1, json.dumps(document).encode() + b"\n")


def _started(words: list[str], order: dict[str, Any], log: int) -> subprocess.Popen[bytes]:
    keeper, dies_by = os.getpid(), signal.Signals(order["stop"][-1])

    def prepare() -> None:  # this process has one thread, so it is safe here
        end_with_parent(keeper, dies_by)
        for number in _ENDINGS:
            signal.signal(number, signal.SIG_DFL)

    return subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd=order["folder"],
        env=order["environment"],
        user=order["user"],
        group=order["group"],
        extra_groups=None if order["user"] is None else [],
        start_new_session=True,
        preexec_fn=prepare,  # noqa: PLW1509 - as said there
    )


if __name__ == "__main__":
    if not Path("/proc").exists():
        sys.exit("a keeper needs Linux")
    sys.exit(main())
