"""A line on the terminal that says how far a scan is, and leaves no trace.

Drawn by hand, without a thread: a scanner calls ``update`` for each port, so the caller is the clock. One carriage
return, one line cut to the terminal's width, one "erase to the end" (ECMA-48 EL) are all that is needed.
"""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import IO, Self

__all__ = ["Progress", "line"]

PATIENCE_S = 0.5  # a scan that ends before this needs no progress
INTERVAL_S = 0.1
ERASE = "\r\x1b[K"


class Progress:
    """``with Progress() as progress: progress.update(done, total, open)``, as often as you like.

    Shows nothing unless the stream, standard error by default, is a terminal that can erase a line, and never if it was
    told so.
    """

    def __init__(
        self, stream: IO[str] | None = None, *, shown: bool = True, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._shown = shown
        self._clock = clock
        self._started = self._due = 0.0
        self._drawn = False

    def __enter__(self) -> Self:
        self._started = self._clock()
        self._due = self._started + PATIENCE_S if self._shown and _can_erase(self._stream) else float("inf")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hide()

    def update(self, done: int, total: int, open: int) -> None:  # noqa: A002  the word of the domain, and of callers
        """Say how far it is. Costs a look at the clock, except ten times a second."""
        now = self._clock()
        if now < self._due:
            return
        self._due = now + INTERVAL_S
        self._stream.write(ERASE + line(done, total, open, now - self._started)[: _width(self._stream) - 1])
        self._stream.flush()
        self._drawn = True

    def hide(self) -> None:
        """Erase the line, for something else to be printed there; the next update draws it again."""
        if self._drawn:
            self._stream.write(ERASE)
            self._stream.flush()
            self._drawn = False


def line(done: int, total: int, found: int, elapsed_s: float) -> str:
    """For example: ``412 of 1000 ports  41 %  824 ports/s  1 s left  3 open``. Plain ASCII, the essential first."""
    rate = done / elapsed_s if elapsed_s > 0 else 0.0
    parts = [
        f"{done} of {total} ports",
        f"{100 * done // total if total else 100} %",
        f"{rate:.0f} ports/s",
        f"{_span((total - done) / rate)} left" if rate else "",
        f"{found} open",
    ]
    return "  ".join(part for part in parts if part)


def _span(seconds: float) -> str:
    """``9 s``, ``3:07 min``, ``2:05 h``: rounded up, since a promise of 0 s is a lie."""
    whole = int(seconds) + 1 if seconds > int(seconds) else int(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60}:{whole % 60:02} min" if whole < 3600 else f"{whole // 3600}:{whole % 3600 // 60:02} h"


def _can_erase(stream: IO[str]) -> bool:
    return stream.isatty() and os.environ.get("TERM", "") not in {"", "dumb", "unknown"}


def _width(stream: IO[str]) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):  # a stream without a descriptor
        return 80
