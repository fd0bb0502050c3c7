"""One connection: bytes to the parser, requests to resources, answers to the client, in order, and every wait with its end.

A connection does one thing at a time. While an answer is on its way, what comes behind it stays unparsed, and beyond some bytes
unread; so a client that asks faster than it reads holds up itself. One turn of the loop reads a limited number of events, so nobody
else waits for a client that sends as much as it can.

Who closes a socket that has unread input makes the kernel send a reset, which can destroy an answer on its way. So after the last
answer only the sending side is shut down, and what still comes is read and forgotten, until the client closes or two seconds are over.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import socket
import struct
import termios
from collections.abc import Callable
from time import monotonic
from typing import cast

from climb.systems.http.answer import CONTINUE, Answer, encode, has_more, plain
from climb.systems.http.fields import Pairs
from climb.systems.http.folder import OutOfFilesError
from climb.systems.http.head import Head
from climb.systems.http.parser import Parser
from climb.systems.http.refusal import Refusal
from climb.systems.http.resource import IGNORED, Body, Request, Resource, choose
from climb.systems.http.sending import Piece, Sending, sending
from climb.systems.http.shared import Shared

__all__ = ["Connection"]

_EVENTS_A_TURN = 128
_UNREAD = 64 * 1024  # bytes that wait to be parsed: then no more are read
_UNSENT = 64 * 1024  # bytes of answers that are gathered before they are sent
_LARGE = 16 * 1024  # an answer that the kernel may keep for a client that does not read
_LINGER_S = 2.0
_LINGER_AT_STOP_S = 0.3
_SAMPLE_S = 0.2  # how often it is looked whether a client takes something
_AGAIN_S = 0.05  # until a file is tried once more, when there is no descriptor left
_TRIES = 100
_RESET = struct.pack("ii", 1, 0)

_NO_TRAILERS: Pairs = []

_IDLE, _HEAD, _BODY, _ANSWERING, _LINGERING, _CLOSED = range(6)


class Connection(asyncio.Protocol):
    """A client."""

    __slots__ = (
        "_body", "_closes", "_early", "_eof", "_found", "_head", "_held", "_out", "_out_bytes", "_parser", "_paused", "_phase",
        "_sending", "_shared", "_since", "_socket", "_taken", "_taken_at", "_transport", "_turn", "_unacknowledged", "_written",
        "due",
    )  # fmt: skip

    _transport: asyncio.Transport
    _head: Head
    _body: Body
    _found: Resource | Answer

    def __init__(self, shared: Shared, sock: socket.socket) -> None:
        self._shared = shared
        self._socket = sock
        self._parser = Parser(shared.max_head_bytes, shared.max_body_bytes)
        self._phase = _IDLE
        self._since = 0.0  # what the phase's deadline counts from
        self._turn: asyncio.Handle | None = None  # the next one, if there is more to be parsed
        self._sending: Sending | None = None
        self._out: list[bytes | bytearray | memoryview] = []
        self._out_bytes = 0
        self._closes = False  # after the answer on its way
        self._early = False  # the request was answered before its body came
        self._eof = False
        self._held = False  # reading is paused
        self._paused = False  # the client does not take more
        self._written = 0
        self._unacknowledged = False  # the client may not have all that was written
        self._taken = 0  # bytes that the client has, when last looked
        self._taken_at = 0.0
        self.due = 0

    # --- what the transport tells ------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # the loop's own, which is no subclass
        self._transport.set_write_buffer_limits(
            high=0
        )  # so a pause is heard of with the first byte that the kernel does not take
        shared = self._shared
        shared.connections.add(self)
        self._since = monotonic()
        shared.wheel.watch(self, self._since + shared.idle_s)

    def data_received(self, data: bytes) -> None:
        if self._phase >= _LINGERING:
            return
        self._parser.feed(data)
        if self._phase == _ANSWERING or self._paused or self._turn is not None:
            self._hold_back()
        else:
            self._read()

    def eof_received(self) -> bool:
        self._eof = True
        if self._phase == _LINGERING:
            self._close()
        elif self._phase < _ANSWERING and not self._paused and self._turn is None:
            self._read()
        return True  # the client may still read

    def pause_writing(self) -> None:
        self._paused = True
        self._watch_taking()

    def resume_writing(self) -> None:
        self._paused = False
        self._since = monotonic()
        if self._sending is not None:
            self._sending.go_on()
        elif self._phase < _ANSWERING and self._turn is None:
            self._read()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - either way it is over
        self._phase = _CLOSED
        shared = self._shared
        shared.wheel.forget(self)
        shared.connections.discard(self)
        if self._sending is not None:
            self._sending.stop()
            self._sending = None
        if self._turn is not None:
            self._turn.cancel()
        shared.freed()

    # --- requests ----------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        """Read requests and answer them, until something has to be waited for."""
        self._turn = None
        parser = self._parser
        left = _EVENTS_A_TURN
        try:
            while self._phase < _ANSWERING and not self._paused:
                event = parser.next()
                if event is None:
                    self._want_more()
                    break
                if type(event) is Head:
                    self._begin(event)
                elif type(event) is bytes:
                    self._body.add(event)
                else:
                    self._complete(event.trailers)  # type: ignore[union-attr] # mypy does not narrow by type()
                left -= 1
                if not left:
                    self._turn = self._shared.loop.call_soon(self._read)
                    break
        except Refusal as refusal:
            self._refuse(refusal)
        if self._out:
            self._flush()

    def _hold_back(self) -> None:
        if not self._held and not self._eof and self._parser.waiting > _UNREAD:
            self._held = True
            self._transport.pause_reading()

    def _want_more(self) -> None:
        """Note what is waited for."""
        if self._eof:
            self._input_ended()
            return
        if self._held:
            self._held = False
            self._transport.resume_reading()
        if self._phase == _BODY:
            self._since = monotonic()
        elif self._phase == _IDLE and self._parser.within:
            self._enter(_HEAD, self._shared.head_s)

    def _enter(self, phase: int, deadline_s: float) -> None:
        self._phase = phase
        self._since = monotonic()
        self._shared.wheel.watch(self, self._since + deadline_s)

    def _begin(self, head: Head) -> None:
        self._head = head
        found = choose(head, self._shared.find)
        if not head.length:
            self._answer(found, head, found.body() if isinstance(found, Resource) else IGNORED, _NO_TRAILERS)
            return
        self._found = found
        self._body = found.body() if isinstance(found, Resource) else IGNORED
        self._enter(_BODY, self._shared.stall_s)
        if head.waits:
            if isinstance(found, Answer):
                self._early = True
                self._say(found)
            elif not self._parser.waiting:
                self._put(CONTINUE)

    def _complete(self, trailers: Pairs) -> None:
        if self._early:
            self._early = False
            self._ended()
        else:
            self._answer(self._found, self._head, self._body, trailers)

    def _input_ended(self) -> None:
        if self._phase == _IDLE:
            self._close()
        else:
            self._refuse(Refusal(400, "the request was cut short"))

    def _refuse(self, refusal: Refusal) -> None:
        """Answer what is no request, and read no further."""
        if not self._early:
            answer = plain(refusal.status, f"{refusal.status}: {refusal.why}")
            head = self._head if self._phase == _BODY else None
            bodiless = refusal.bodiless if head is None else head.method == "HEAD"
            if self._shared.answered is not None:
                self._shared.answered(head, answer)
            self._put(encode(self._shared.opening.of(answer.status), answer, closes=True, bodiless=bodiless))
        self._finish()

    # --- answers -----------------------------------------------------------------------------------------------------

    def _answer(self, found: Resource | Answer, head: Head, body: Body, trailers: Pairs) -> None:
        if isinstance(found, Answer):
            self._say(found)
            return
        request = Request(head, body, trailers)
        answer: Answer | None
        try:
            answer = found.answer(request)
        except Exception as error:  # a mistake in one resource ends no connection
            self._shared.tell(error)
            answer = plain(500)
        if answer is not None:
            self._say(answer)
        elif found.in_thread is not None:
            self._phase = _ANSWERING
            self._ask_in_thread(found.in_thread, request, _TRIES)
        else:
            self._say(plain(503))

    def _ask_in_thread(self, ask: Callable[[Request], Answer], request: Request, tries: int) -> None:
        def then(answer: Answer | BaseException) -> None:
            if isinstance(answer, OutOfFilesError) and tries and self._phase == _ANSWERING:
                self._shared.loop.call_later(_AGAIN_S, self._ask_in_thread, ask, request, tries - 1)
            else:
                self._got(answer)

        if self._phase == _ANSWERING:
            self._shared.in_thread(lambda: ask(request), then)

    def _got(self, answer: Answer | BaseException) -> None:
        if isinstance(answer, BaseException):
            if not isinstance(answer, OutOfFilesError):
                self._shared.tell(answer)
            answer = plain(503 if isinstance(answer, OutOfFilesError) else 500)
        if self._phase != _ANSWERING:
            _let_go(answer)
            return
        self._say(answer)
        if self._phase == _IDLE:
            self._read()
        elif self._out:
            self._flush()

    def _say(self, answer: Answer) -> None:
        """Send an answer, or begin to."""
        head, shared, content = self._head, self._shared, answer.content
        self._closes = head.closes or shared.stopping
        bodiless = head.method == "HEAD"
        opening = shared.opening.of(answer.status)
        self._put(encode(opening, answer, minor=head.minor, closes=self._closes, bodiless=bodiless))
        if shared.answered is not None:
            shared.answered(head, answer)
        if isinstance(content, (bytes, bytearray)):
            if has_more(answer) and not bodiless:
                self._put(content)
            self._ended()
        elif bodiless:
            _let_go(answer)
            self._ended()
        else:
            self._phase = _ANSWERING
            self._sending = sending(
                content,
                chunked=head.minor > 0,
                in_thread=shared.in_thread,
                loop=shared.loop,
                write=self._write_piece,
                done=self._sent,
            )
            self._flush()
            self._sending.go_on()

    def _write_piece(self, piece: Piece) -> bool:
        self._put(piece)
        self._flush()
        return not self._paused

    def _sent(self, whole: bool) -> None:
        """Go on behind a long answer."""
        self._sending = None
        if not whole:
            self._abort()
            return
        self._ended()
        if self._phase == _IDLE and not self._paused:
            self._read()

    def _ended(self) -> None:
        """Go on behind an answer: with its body if that is still to come, or the next request, or the end."""
        self._since = monotonic()
        self._phase = _BODY if self._early else _IDLE
        if self._closes or self._shared.stopping:
            self._finish()

    # --- output ------------------------------------------------------------------------------------------------------

    def _put(self, data: bytes | bytearray | memoryview) -> None:
        size = len(data)
        if size > _LARGE:
            self._flush()  # what is large is not copied
        self._out.append(data)
        self._out_bytes += size
        if self._out_bytes > _UNSENT or size > _LARGE:
            self._flush()

    def _flush(self) -> None:
        if not self._out:
            return
        if self._out_bytes > _LARGE:
            self._watch_taking()
        self._written += self._out_bytes
        self._out_bytes = 0
        out, self._out = self._out, []
        self._transport.write(out[0] if len(out) == 1 else b"".join(out))

    def _watch_taking(self) -> None:
        """See to it that a client which takes nothing is noticed."""
        self._unacknowledged = True
        self._taken = -1
        self._taken_at = monotonic()
        self._shared.wheel.watch(self, self._taken_at + _SAMPLE_S)

    def _untaken(self) -> int:
        """Return how many bytes the client's kernel has not acknowledged; ours may hold some, and the transport."""
        try:
            (queued,) = struct.unpack("i", fcntl.ioctl(self._socket.fileno(), termios.TIOCOUTQ, b"\0\0\0\0"))
        except OSError:
            return 0
        return int(queued) + self._transport.get_write_buffer_size()

    # --- the end -----------------------------------------------------------------------------------------------------

    def _finish(self) -> None:
        """Send what is left, say that nothing follows, and read on for a while."""
        self._flush()
        self._enter(_LINGERING, self._linger_s)
        if self._eof:
            self._close()
            return
        self._transport.write_eof()
        if self._held:
            self._held = False
            self._transport.resume_reading()

    @property
    def _linger_s(self) -> float:
        return _LINGER_AT_STOP_S if self._shared.stopping else _LINGER_S

    def _close(self) -> None:
        self._phase = _CLOSED
        self._flush()
        self._transport.close()

    def _abort(self) -> None:
        """End the connection with a reset, whatever is under way."""
        self._phase = _CLOSED
        with contextlib.suppress(OSError):  # it is gone already
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()

    def stop(self) -> None:
        """End now if nothing is under way, else as soon as that is done."""
        if self._phase == _LINGERING:
            self._shared.wheel.watch(self, self._since + _LINGER_AT_STOP_S)
        elif self._phase in {_IDLE, _HEAD} or self._early:
            if self._paused or self._early:
                self._finish()
            else:
                self._close()

    def kill(self) -> None:
        """End now."""
        self._abort()

    # --- deadlines ---------------------------------------------------------------------------------------------------

    def look(self, now: float) -> float | None:
        """Do what is due, and return when to look again."""
        again = now + self._shared.idle_s
        if self._unacknowledged or self._sending is not None:
            if not self._is_taking(now):
                self._abort()
                return None
            again = now + _SAMPLE_S
            if self._paused:
                return again
        phase, shared = self._phase, self._shared
        if phase == _CLOSED:
            return again if self._paused else None
        if phase == _ANSWERING:
            return min(again, now + 0.5)
        at = self._since + (shared.idle_s, shared.head_s, shared.stall_s, 0.0, self._linger_s)[phase]
        if at > now:
            return min(again, at)
        if phase == _HEAD or (phase == _BODY and not self._early):
            self._refuse(Refusal(408, "nothing came for too long" if phase == _BODY else "the head took too long"))
            return now + self._linger_s
        if phase == _BODY:
            self._finish()
            return now + self._linger_s
        self._close()
        return None

    def _is_taking(self, now: float) -> bool:
        untaken = self._untaken()
        if not untaken:
            self._unacknowledged = False
            self._taken_at = now
            return True
        taken = self._written - untaken
        if taken > self._taken:
            self._taken, self._taken_at = taken, now
        return now - self._taken_at < self._shared.stall_s


def _let_go(answer: Answer) -> None:
    """Close what an answer holds, when it is not sent."""
    close = getattr(answer.content, "close", None)
    if close is not None:
        close()
