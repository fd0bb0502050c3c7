"""A run's events on disk, so that a page can follow a run that a terminal started, and catch up with one that it left.

``events.jsonl`` in the run folder has one event a line, written as it happens; the verdict itself is only in ``verdict.json``.
The judge holds a lock on the file while the run lasts. The kernel lets go of it however the judge ends, so a run without a verdict
and without a lock was cut short.
"""

from __future__ import annotations

import fcntl
import os
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec

from climb.judge.events import Event, RunDone

__all__ = ["EventLog", "Follower", "RunState"]

_NAME = "events.jsonl"


class RunState(Enum):
    """Whether a run goes on, has its verdict, or ended without one."""

    LIVE = "live"
    DONE = "done"
    CUT_SHORT = "cut short"


class EventLog:
    """Writes the events of one run; hold it as long as the run lasts."""

    def __init__(self, folder: Path) -> None:
        unlocked = folder / "events.new"  # whoever finds the log finds it locked
        self._file = unlocked.open("ab", buffering=0)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        unlocked.rename(folder / _NAME)

    def __call__(self, event: Event) -> None:
        """Append an event. RunDone is not written: the verdict on disk says it."""
        if not isinstance(event, RunDone):
            self._file.write(msgspec.json.encode(event, enc_hook=_text) + b"\n")

    def close(self) -> None:
        """The run is over."""
        self._file.close()


class Follower:
    """Reads a run's events from the first on; ``new()`` gives those that came since it was last asked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read = 0
        self._decoder = msgspec.json.Decoder(Event, dec_hook=_path)

    def new(self) -> list[Event]:
        """The whole events written since the last call; a line that is still being written waits for the next one."""
        try:
            with (self._folder / _NAME).open("rb") as file:
                file.seek(self._read)
                data = file.read()
        except FileNotFoundError:
            return []
        whole, _, _ = data.rpartition(b"\n")
        self._read += len(whole) + 1 if whole else 0
        return list(filter(None, map(self._event, whole.split(b"\n")))) if whole else []

    def _event(self, line: bytes) -> Event | None:
        """The event in a line; None if a full disk or another version left something else there."""
        try:
            event: Event = self._decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        return event

    def state(self) -> RunState:
        """How the run stands now. Ask before ``new()``: then no event can be missed."""
        if not self._has_verdict() and self._locked():
            return RunState.LIVE
        # Asked again: a judge that ends meanwhile writes its verdict, then lets go of the log.
        return RunState.DONE if self._has_verdict() else RunState.CUT_SHORT

    def _has_verdict(self) -> bool:
        return (self._folder / "verdict.json").exists()

    def _locked(self) -> bool:
        try:
            descriptor = os.open(self._folder / _NAME, os.O_RDONLY)
        except FileNotFoundError:
            return False  # a run of an earlier version, or its first instant
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            return False
        finally:
            os.close(descriptor)


def _text(path: Any) -> str:
    """A path as text; bytes that are no UTF-8 are spelt out, since JSON can't carry them."""
    return os.fsencode(path).decode(errors="backslashreplace")


def _path(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value)
    raise NotImplementedError(f"{kind} is in no event")
