"""The process that keeps one server for its owner: ``python -m climb.stack.keeper``.

The owner writes an order, one line of JSON, to standard input and leaves that pipe open. When it closes, because the owner is
done or was killed, the keeper ends the server and removes the server's folders. So nothing is left, whatever happened, and the
owner needs no handler for it. If the keeper itself is killed, the kernel ends the server.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from climb.parent import end_with_parent

__all__ = ["main"]


def main() -> int:
    """Do what the order says until the owner is gone; return the exit code of a server that ended before."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # a Ctrl-C is the owner's to handle: it closes the pipe
    order: dict[str, Any] = json.loads(sys.stdin.buffer.readline() or "null") or sys.exit(2)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        for words in order["before"]:
            if ended := _kept(_started(words, order, log), order):
                return ended
            if _owner_is_gone(0):
                return 0
        return _kept(_started(order["command"], order, log), order)
    finally:
        for folder in order["remove"]:
            shutil.rmtree(folder, ignore_errors=True)


def _started(words: list[str], order: dict[str, Any], log: int) -> subprocess.Popen[bytes]:
    keeper, dies_by = os.getpid(), signal.Signals(order["stop"][-1])

    def prepare() -> None:  # this process has one thread, so it is safe here
        end_with_parent(keeper, dies_by)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
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


def _kept(process: subprocess.Popen[bytes], order: dict[str, Any]) -> int:
    """Wait for the process, and end it when the owner has gone; 0 then."""
    ended = os.pidfd_open(process.pid)
    try:
        readable, _, _ = select.select([0, ended], [], [])
        if ended in readable:
            return process.wait()
        for number in order["stop"]:
            process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(order["step_s"])
                break
        return 0
    finally:
        os.close(ended)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # what the server may have left
        process.wait()


def _owner_is_gone(timeout_s: float) -> bool:
    return bool(select.select([0], [], [], timeout_s)[0])


if __name__ == "__main__":
    if not Path("/proc").exists():
        sys.exit("a keeper needs Linux")
    sys.exit(main())
