"""The process that holds one server that stays: ``python -m climb.stack.holder KIND PLACE FOLDER``.

It owns the server as any other owner does, so that the server ends with it. Whoever starts it is told on standard output when the
server takes requests, or why it does not, and answers ``stay`` on standard input. If that pipe closes first, as after a Ctrl-C,
the server ends and nothing is left.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import FrameType

from climb.stack.errors import StackError
from climb.stack.kinds import Kind, kind_named
from climb.stack.records import Place, Record, boot_id
from climb.stack.server import Kept

__all__ = ["main"]


def main(words: list[str]) -> int:
    """Hold the server until SIGTERM comes or it ends by itself; 1 in the second case."""
    kind, place = kind_named(words[0]), Place(Path(words[1]))
    signal.signal(signal.SIGTERM, _leave)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it outlives the terminal that it was started from
    with place.held() as ours:
        if not ours:
            _say({"error": f"another process holds {kind.title} already"})
            return 1
        folder, last = Path(words[2]), place.read()
        place.write(
            Record(
                kind=kind.name,
                state="starting",
                holder=os.getpid(),
                boot=boot_id(),
                folder=str(folder),
                log=str(folder / "log"),
                port=last.port if last else None,
            )
        )
        return _held(kind, place)


def _held(kind: Kind, place: Place) -> int:
    """Hold the server, and write down how that ends."""
    try:
        code = _until_it_ends(kind, place)
    except SystemExit:
        _ended(place, "stopped")
        raise
    except StackError as error:
        _ended(place, "failed")
        _say({"error": str(error), "next_step": error.next_step})
        return 1
    _ended(place, "failed", code)
    return 1


def _until_it_ends(kind: Kind, place: Place) -> int:
    threading.Thread(target=_end_with_starter, daemon=True).start()
    record = _record(place)
    with kind.start(Path(record.folder), record.port) as server:
        running = replace(
            record,
            state="running",
            address=server.address,
            port=int(server.address.rpartition(":")[2].partition("/")[0]),
            server=server.pid,
            version=_version(server),
            since=time.time(),
        )
        place.write(running)
        _say({"ready": True})
        return server.wait_for_end()


def _ended(place: Place, state: str, code: int = 0) -> None:
    place.write(replace(_record(place), state=state, code=code))


def _record(place: Place) -> Record:
    record = place.read()
    assert record is not None  # it was written by this process, which has the lock
    return record


def _end_with_starter() -> None:
    """Leave if the one who started us is gone before it has said that we are to stay."""
    if sys.stdin.buffer.readline() != b"stay\n":
        os.kill(os.getpid(), signal.SIGTERM)


def _leave(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough: a second one would interrupt the end
    raise SystemExit(0)


def _version(server: Kept) -> str:
    said = subprocess.run([server.program, "--version"], capture_output=True, text=True, check=False, timeout=30).stdout
    found = re.search(r"\d+(\.\d+)+", said)
    return found[0] if found else ""


def _say(document: dict[str, object]) -> None:
    try:
        os.write(1, json.dumps(document).encode() + b"\n")
    except BrokenPipeError:
        _leave(0, None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
