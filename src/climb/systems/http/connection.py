"""One connection: bytes to the parser, requests to resources, answers to the client, in order, and every wait with its end.

A connection does one thing at a time. While an answer is on its way, what comes behind it stays unparsed, and beyond some bytes
unread; so a client that asks faster than it reads holds up itself. One turn of the loop reads a limited number of events, so nobody
else waits for a client that sends as much as it can.

Who closes a socket that has unread input makes the kernel send a reset, which can destroy an answer on its way. So after the last
answer only the sending side is shut down, and what still comes is read and forgotten, until the client closes or two seconds are over.
"""

from __future__ import annotations

import asyncio
import socket
from time import monotonic
from typing import cast

from climb.systems.http.answer import Answer, encode
from climb.systems.http.answering import Answering
from climb.systems.http.fields import CHUNKED, Pairs, known_fields
from climb.systems.http.head import Head
from climb.systems.http.memory import LARGE
from climb.systems.http.output import SAMPLE_S, Output
from climb.systems.http.parser import Parser
from climb.systems.http.refusal import Refusal
from climb.systems.http.resource import IGNORED, Body, Request, Resource, choose
from climb.systems.http.shared import Shared

__all__ = ["Connection"]

_EVENTS_A_TURN = 128
_UNREAD = 64 * 1024  # bytes that wait to be parsed: then no more are read
_LINGER_S = 2.0
_LINGER_AT_STOP_S = 0.3

_NO_TRAILERS: Pairs = []

_IDLE, _HEAD, _BODY, _ANSWERING, _LINGERING, _CLOSED = range(6)


class Connection(asyncio.Protocol):
    """A client."""

    __slots__ = (
        "_answering", "_body", "_early", "_eof", "_found", "_head", "_held", "_output", "_parser", "_phase", "_shared", "_since",
        "_socket", "_transport", "_turn", "due",
    )  # fmt: skip

    _transport: asyncio.Transport
    _output: Output
    _answering: Answering

    def __init__(self, shared: Shared, sock: socket.socket) -> None:
        self._shared = shared
        self._socket = sock
        self._parser = Parser(shared.max_head_bytes, shared.max_body_bytes)
        self._phase = _IDLE
        self._since = 0.0  # what the phase's deadline counts from
        self._turn: asyncio.Handle | None = None  # the next one, if there is more to be parsed
        self._head: Head | None = None  # of the request whose body is due, with what becomes of both
        self._body: Body = IGNORED
        self._found: Resource | Answer | None = None
        self._early = False  # the request was answered before its body came
        self._eof = False
        self._held = False  # reading is paused
        self.due = 0

    # --- what the transport tells ------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # the loop's own, which is no subclass
        self._output = Output(self._transport, self._socket, self._watch)
        self._answering = Answering(self._shared, self._output, self._sent)
        self._shared.connections.add(self)
        self._since = monotonic()
        self._watch(self._since + self._shared.idle_s)

    def _watch(self, at: float) -> None:
        self._shared.wheel.watch(self, at)

    def data_received(self, data: bytes) -> None:
        if self._phase == _IDLE and self._shared.at_once is not None and self._say_at_once(data):
            return
        if self._phase >= _LINGERING:
            return
        self._parser.feed(data)
        if self._phase == _ANSWERING or self._output.paused or self._turn is not None:
            self._hold_back()
        else:
            self._read()

    def eof_received(self) -> bool:
        self._eof = True
        if self._phase == _LINGERING:
            self._close()
        elif self._phase < _ANSWERING and not self._output.paused and self._turn is None:
            self._read()
        return True  # the client may still read

    def pause_writing(self) -> None:
        self._output.paused = True
        self._output.watch_taking()

    def resume_writing(self) -> None:
        self._output.paused = False
        self._shared.freed_much = True  # what waited for the client
        self._since = monotonic()
        if self._phase == _ANSWERING:
            self._answering.go_on()
        elif self._phase < _ANSWERING and self._turn is None:
            self._read()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - either way it is over
        self._phase = _CLOSED
        shared = self._shared
        shared.freed_much = shared.freed_much or self._head is not None
        shared.wheel.forget(self)
        shared.connections.discard(self)
        self._answering.stop()
        self._output.let_go()
        if self._turn is not None:
            self._turn.cancel()
        shared.freed()

    # --- requests ----------------------------------------------------------------------------------------------------

    def _say_at_once(self, data: bytes) -> bool:
        """Answer a whole request, if that takes no more than a look; tell whether it is answered.

        Its fields were read before, from whomever, and nothing was wrong with them; its target is one that is known. So nothing is
        judged here, and what is not answered is left to the parser.
        """
        shared, output = self._shared, self._output
        line, _, rest = data.partition(b"\r\n")
        fields = known_fields(rest[:-2])
        if fields is None or not fields.plain or rest[-2:] != b"\r\n":
            return False
        if line[:4] != b"GET " or line[-9:] != b" HTTP/1.1" or len(data) > shared.max_head_bytes:
            return False
        if self._parser.waiting or self._turn is not None or output.paused or shared.stopping or shared.answered:
            return False
        assert shared.at_once is not None
        try:
            answer = shared.at_once(line[4:-9])
        except Exception:  # the usual way will tell
            return False
        if answer is None:
            return False
        output.put_small(encode(shared.opening.of(answer.status), answer))
        self._since = monotonic()
        return True

    def _read(self) -> None:
        """Read requests and answer them, until something has to be waited for."""
        self._turn = None
        parser, output = self._parser, self._output
        left = _EVENTS_A_TURN
        try:
            while self._phase < _ANSWERING and not output.paused:
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
        output.flush()

    def _hold_back(self) -> None:
        if not self._held and not self._eof and self._parser.waiting > _UNREAD:
            self._held = True
            self._transport.pause_reading()

    def _let_come(self) -> None:
        if self._held:
            self._held = False
            self._transport.resume_reading()

    def _want_more(self) -> None:
        """Note what is waited for."""
        if self._eof:
            self._input_ended()
            return
        self._let_come()
        if self._phase == _BODY:
            self._since = monotonic()
        elif self._phase == _IDLE and self._parser.within:
            self._enter(_HEAD, self._shared.head_s)

    def _enter(self, phase: int, deadline_s: float) -> None:
        self._phase = phase
        self._since = monotonic()
        self._watch(self._since + deadline_s)

    def _begin(self, head: Head) -> None:
        found = choose(head, self._shared.find, self._shared.say)
        body = found.body() if isinstance(found, Resource) else IGNORED
        if not head.length:
            self._answer(found, Request(head, body, _NO_TRAILERS))
            return
        self._head, self._found, self._body = head, found, body
        self._enter(_BODY, self._shared.stall_s)
        if head.waits:
            if isinstance(found, Answer):
                self._early = True
                self._answering.say(found, head)
                self._ended()
            elif not self._parser.waiting:
                self._answering.say_continue()

    def _complete(self, trailers: Pairs) -> None:
        head, found, body = self._head, self._found, self._body
        assert head is not None
        assert found is not None
        self._head, self._found, self._body = None, None, IGNORED  # they may be large, and the connection idle for long
        if head.length > LARGE or head.length == CHUNKED:
            self._shared.freed_much = True  # when this turn of the loop is over, or the client takes the answer
        if self._early:
            self._early = False
            self._ended()
        else:
            self._answer(found, Request(head, body, trailers))

    def _input_ended(self) -> None:
        if self._phase == _IDLE and not self._parser.within:
            self._close()
        else:
            self._refuse(Refusal(400, "the request was cut short"))

    def _refuse(self, refusal: Refusal) -> None:
        """Answer what is no request, and read no further."""
        if not self._early:
            head = self._head
            bodiless = refusal.bodiless or self._parser.asks_for_head if head is None else head.method == "HEAD"
            self._answering.refuse(refusal, head, bodiless=bodiless)
        self._finish()

    # --- answers -----------------------------------------------------------------------------------------------------

    def _answer(self, found: Resource | Answer, request: Request) -> None:
        answering = self._answering
        if answering.answer(request, found) if isinstance(found, Resource) else answering.say(found, request.head):
            self._ended()
        else:
            self._phase = _ANSWERING

    def _sent(self, whole: bool) -> None:
        """Go on behind an answer that took its time."""
        if not whole:
            self._abort()
            return
        self._ended()
        if self._phase == _IDLE and not self._output.paused:
            self._read()
        else:
            self._output.flush()

    def _ended(self) -> None:
        """Go on behind an answer: with its body if that is still to come, or the next request, or the end."""
        self._since = monotonic()
        self._phase = _BODY if self._early else _IDLE
        if self._answering.closes or self._shared.stopping:
            self._finish()

    # --- the end -----------------------------------------------------------------------------------------------------

    def _finish(self) -> None:
        """Send what is left, say that nothing follows, and read on for a while."""
        self._output.flush()
        self._enter(_LINGERING, self._linger_s)
        if self._eof:
            self._close()
            return
        self._output.end()
        self._let_come()

    @property
    def _linger_s(self) -> float:
        return _LINGER_AT_STOP_S if self._shared.stopping else _LINGER_S

    def _close(self) -> None:
        self._phase = _CLOSED
        self._output.flush()
        self._transport.close()

    def _abort(self) -> None:
        self._phase = _CLOSED
        self._output.abort()

    def stop(self) -> None:
        """End now if nothing is under way, else as soon as that is done."""
        if self._phase == _LINGERING:
            self._watch(self._since + _LINGER_AT_STOP_S)
        elif self._phase in {_IDLE, _HEAD} or self._early:
            if self._output.paused or self._early:
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
        output = self._output
        if output.unacknowledged or self._answering.is_under_way:
            if not output.is_taking(now, self._shared.stall_s):
                self._abort()
                return None
            again = now + SAMPLE_S
            if output.paused:
                return again
        phase, shared = self._phase, self._shared
        if phase == _CLOSED:
            return again if output.paused else None
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
