"""Bytes that nobody expected: behind the last answer that was asked for, or before anything was.

They may be the answer to a request that the reader hears of a moment later. If they are not, they are too many.
"""

from __future__ import annotations

from climb.counted import counted
from climb.judge.drivers.http1.answers import Answer
from climb.judge.drivers.http1.drafts import TAIL
from climb.judge.drivers.http1.violations import Broken, Violation

__all__ = ["Aside", "why_ended"]

_KEPT = 1024 * 1024


class Aside:
    """Bytes that nobody expected: the first of them, how many, where, and when."""

    def __init__(self) -> None:
        self.kept = bytearray()
        self.size = 0
        self.at = 0
        self.came_at = 0.0

    def add(self, data: bytes, at: int, came_at: float) -> None:
        """The next of them."""
        if not self.size:
            self.at, self.came_at = at, came_at
        self.size += len(data)
        self.kept += data[: _KEPT - len(self.kept)]

    def violation(self, last: Answer | None) -> Violation | None:
        """That there are any; ``last`` is the answer before them."""
        if not self.size:
            return None
        if last is None:
            return self._unasked()
        if self.kept.startswith(b"HTTP/"):
            return self._further(last)
        tail = last.body[-TAIL:]
        broken = Broken(
            "bytes behind the answer",
            expected=_NOTHING,
            text=tail + bytes(self.kept),
            start=len(tail),
            length=self.size,
            section="RFC 9112, 6.3",
            why=why_ended(last),
        )
        return broken.placed(about=f"behind {last.about}", at=self.at - len(tail), line=0)

    def _unasked(self) -> Violation:
        broken = Broken(
            "bytes that nobody asked for",
            expected="nothing before a request",
            text=bytes(self.kept),
            length=self.size,
            section="RFC 9112, 9.2",
            why="A client could not tell which request this is the answer to.",
        )
        return broken.placed(about="unasked", at=self.at, line=0)

    def _further(self, last: Answer) -> Violation:
        line = bytes(self.kept).split(b"\r\n")[0]
        broken = Broken(
            "a further answer",
            expected=_NOTHING,
            text=line,
            length=len(line),
            section="RFC 9112, 9.2",
            why="Each request is answered once. A second answer is taken for that to the next request on the connection.",
        )
        return broken.placed(about=f"behind {last.about}", at=self.at, line=0)


_NOTHING = "nothing more: everything that was asked is answered"


def why_ended(last: Answer) -> str:
    """Why bytes behind this answer are none of it."""
    if last.method == "HEAD":
        return "The answer before it is one to HEAD, which ends with its head, whatever its Content-Length says."
    if last.framing == "none":
        return f"The answer before it has status {last.status}, and so ends with its head."
    if last.framing == "chunks":
        return "The answer before it ends with the chunk of size 0 and an empty line."
    return (
        f"The answer before it ends behind the {counted(last.body_bytes, 'byte')} that its Content-Length announces:"
        " it counts bytes, and must count all of them."
    )
