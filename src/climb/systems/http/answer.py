"""Answers, and their encoding: from what a resource says to the bytes that begin an answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Protocol, TypeAlias

import msgspec

from climb.systems.http.dates import date_of

__all__ = [
    "CONTINUE",
    "Answer",
    "Content",
    "Opening",
    "Pieces",
    "Say",
    "Stretch",
    "encode",
    "has_more",
    "plain",
    "prepared",
    "with_fields",
]

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_SMALL = 16 * 1024  # bytes, which are cheaper to copy than to send by themselves
_WITHOUT_BODY = frozenset({204, 304})
_REASONS = {status.value: status.phrase.encode("ascii") for status in HTTPStatus}
_REASONS |= {
    413: b"Content Too Large",
    414: b"URI Too Long",
    416: b"Range Not Satisfiable",
}  # by other names before Python 3.13


class Stretch(Protocol):
    """Bytes of an open file, which are sent by the kernel, or read: a piece is sent before the next one is asked for."""

    length: int

    def is_at_hand(self) -> bool:
        """Tell whether :meth:`send` needs no disk for what comes next."""

    def send(self, to: int) -> int | None:
        """Send what comes next to a socket, as much as it takes, which may be nothing; None if that can't be done."""

    def read_nowait(self) -> bytes | memoryview | None:
        """Return what comes next, or None if the disk has to be waited for."""

    def read(self) -> bytes | memoryview:
        """Return what comes next, however long that takes; nothing if the file has become shorter."""

    def close(self) -> None:
        """Let go of the file."""


Pieces: TypeAlias = Iterator[bytes | float]  # bytes to be sent at once, and seconds to wait
Content: TypeAlias = bytes | bytearray | Stretch | Pieces


class Answer(msgspec.Struct, frozen=True):
    """What a resource says. ``fields`` are whole lines; the date, the length and the connection's fields are added.

    ``behind`` is what most clients get behind the opening, if the answer is :func:`prepared` for being said often.
    """

    status: int
    content: Content = b""
    fields: bytes = b""
    behind: bytes = b""


def with_fields(*pairs: tuple[str, str]) -> bytes:
    """Return fields as lines. What would begin another line is a mistake of the caller's."""
    text = "".join(f"{name}: {value}\r\n" for name, value in pairs)
    assert text.count("\r") == text.count("\n") == len(pairs), pairs
    return text.encode("latin-1")


_PLAIN = with_fields(("Content-Type", "text/plain; charset=utf-8"))


def plain(status: int, text: str = "", fields: bytes = b"") -> Answer:
    """Return an answer for people: a sentence, or what the status is called."""
    words = text or _REASONS[status].decode("ascii")
    return Answer(status, f"{words}\n".encode(), _PLAIN + fields)


class Say(Protocol):
    """Makes the answers that say what is wrong, where no resource does; :func:`plain` is one."""

    def __call__(self, status: int, text: str = "", fields: bytes = b"") -> Answer:
        """An answer with that status and these fields beside its own; the text is a sentence on why."""


class Opening:
    """Status line and date, made once a second for each status."""

    __slots__ = ("_clock", "_lines", "_second")

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._second = -1
        self._lines: dict[int, bytes] = {}

    def of(self, status: int) -> bytes:
        """Return the first two lines of an answer that is sent now."""
        second = int(self._clock())
        if second != self._second:
            self._second = second
            self._lines.clear()
        line = self._lines.get(status)
        if line is None:
            date = date_of(second).encode("ascii")
            line = b"HTTP/1.1 %d %b\r\nDate: %b\r\n" % (status, _REASONS[status], date)
            self._lines[status] = line
        return line


def encode(opening: bytes, answer: Answer, *, minor: int = 1, closes: bool = False, bodiless: bool = False) -> bytes:
    """Return the head of an answer, and its body too if that is small and wanted; see :func:`has_more`."""
    if answer.behind and not closes and not bodiless:
        return opening + answer.behind
    content = answer.content
    close = b"Connection: close\r\n" if closes else b""
    if isinstance(content, (bytes, bytearray)):
        if answer.status in _WITHOUT_BODY:
            return b"%b%b%b\r\n" % (opening, answer.fields, close)
        length = len(content)
        body = b"" if bodiless or length > _SMALL else bytes(content)
        return b"%b%bContent-Length: %d\r\n%b\r\n%b" % (opening, answer.fields, length, close, body)
    if isinstance(content, Iterator):
        framing = b"Transfer-Encoding: chunked\r\n" if minor else b""
    else:
        framing = b"Content-Length: %d\r\n" % content.length
    return b"%b%b%b%b\r\n" % (opening, answer.fields, framing, close)


def prepared(answer: Answer) -> Answer:
    """The same answer, encoded once. Its content is bytes, and few of them."""
    assert not has_more(answer)
    return msgspec.structs.replace(answer, behind=encode(b"", answer))


def has_more(answer: Answer) -> bool:
    """Tell whether there is a body that :func:`encode` leaves to be sent by itself."""
    content = answer.content
    return not isinstance(content, (bytes, bytearray)) or len(content) > _SMALL
