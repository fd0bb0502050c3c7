"""A long answer on its way: one piece a turn of the loop, no further than the client takes it, and no disk waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Protocol, TypeAlias, TypeVar

from climb.systems.http.answer import Pieces, Stretch

__all__ = ["InThread", "Piece", "Sending", "sending"]

Piece: TypeAlias = bytes | memoryview
_T = TypeVar("_T")


class InThread(Protocol):
    """Calls a function in a thread, and then another one in the loop: with what it returned, or with what it raised."""

    def __call__(self, work: Callable[[], _T], then: Callable[[_T | BaseException], None]) -> None:
        """Begin, and return at once."""


class Sending:
    """What both kinds have in common. ``write`` tells whether the client takes more; ``done`` gets whether all was sent.

    ``send`` of the one for files lets the kernel send, and returns how much that was, or None.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, write: Callable[[Piece], bool], done: Callable[[bool], None]
    ) -> None:
        self._loop = loop
        self._write = write
        self._done = done
        self._next: asyncio.Handle | None = None
        self._over = False

    def begin(self) -> None:
        """Send the first piece; ``done`` is called later, if only in the next turn."""
        self.go_on()

    def go_on(self) -> None:
        """Send the next piece, soon."""
        if not self._over and self._next is None:
            self._next = self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._next = None
        self._send()

    def _send(self) -> None:
        raise NotImplementedError

    def _end(self, *, whole: bool) -> None:
        self.stop()
        self._done(whole)

    def stop(self) -> None:
        """Send nothing more."""
        self._over = True
        if self._next is not None:
            self._next.cancel()
            self._next = None


class _PiecesSending(Sending):
    """Pieces and pauses as they are made, in chunks or as they are."""

    def __init__(
        self,
        pieces: Pieces,
        chunked: bool,
        loop: asyncio.AbstractEventLoop,
        write: Callable[[Piece], bool],
        done: Callable[[bool], None],
    ) -> None:
        super().__init__(loop, write, done)
        self._pieces = pieces
        self._chunked = chunked

    def _send(self) -> None:
        piece = next(self._pieces, None)
        if piece is None:
            if self._chunked:
                self._write(b"0\r\n\r\n")
            self._end(whole=True)
        elif isinstance(piece, bytes):
            if self._write(b"%x\r\n%b\r\n" % (len(piece), piece) if self._chunked else piece):
                self.go_on()
        else:
            self._next = self._loop.call_later(piece, self._turn)

    def stop(self) -> None:
        super().stop()
        if (close := getattr(self._pieces, "close", None)) is not None:  # as generators have
            close()


class _StretchSending(Sending):
    """A stretch of a file: by the kernel what it has in memory, the rest by way of ours."""

    def __init__(
        self,
        stretch: Stretch,
        in_thread: InThread,
        loop: asyncio.AbstractEventLoop,
        write: Callable[[Piece], bool],
        send: Callable[[Stretch], int | None],
        done: Callable[[bool], None],
    ) -> None:
        super().__init__(loop, write, done)
        self._stretch = stretch
        self._left = stretch.length
        self._in_thread = in_thread
        self._send_of = send
        self._waits = False  # for a thread

    def go_on(self) -> None:
        if not self._waits:
            super().go_on()

    def begin(self) -> None:
        if self._left:
            self._send()
        else:
            self.go_on()

    def _send(self) -> None:
        if not self._left:
            self._end(whole=True)
            return
        sent = self._send_of(self._stretch)
        if sent:
            self._left -= sent
            self.go_on()
            return
        piece = self._stretch.read_nowait()  # if the client takes no more, this piece waits for it
        if piece is None:
            self._waits = True
            self._in_thread(self._stretch.read, self._got)
        else:
            self._take(piece)

    def _got(self, piece: Piece | BaseException) -> None:
        self._waits = False
        if self._over:
            self._stretch.close()
        elif not isinstance(piece, BaseException) and piece:
            self._take(piece)
        else:
            self._end(whole=False)  # shorter than it was, or unreadable: the length was promised

    def _take(self, piece: Piece) -> None:
        self._left -= len(piece)
        if self._write(piece):
            self.go_on()

    def stop(self) -> None:
        super().stop()
        if not self._waits:  # a thread still reads from it
            self._stretch.close()


def sending(
    content: Pieces | Stretch,
    *,
    chunked: bool,
    in_thread: InThread,
    loop: asyncio.AbstractEventLoop,
    write: Callable[[Piece], bool],
    send: Callable[[Stretch], int | None],
    done: Callable[[bool], None],
) -> Sending:
    """Return what sends a content; nothing is sent before :meth:`Sending.begin`."""
    if isinstance(content, Iterator):
        return _PiecesSending(content, chunked, loop, write, done)
    return _StretchSending(content, in_thread, loop, write, send, done)
