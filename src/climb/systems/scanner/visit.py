"""An open port being asked what it is: the talks of one inspection, carried over real connections."""

from __future__ import annotations

from collections import deque

from climb.systems.scanner.light import Protocol
from climb.systems.scanner.probe.inspection import Inspection
from climb.systems.scanner.probe.talk import Ending
from climb.systems.scanner.sockets import CUT_AT_ONCE, READ, WRITE, connects_to_itself, pending_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from climb.systems.scanner.deadlines import Alarm
    from climb.systems.scanner.lines import Line, Lines
    from climb.systems.scanner.model import Facts
    from climb.systems.scanner.probe.talk import Talk
    from climb.systems.scanner.targets import Host

__all__ = ["Desk", "Visit"]

MOST_BYTES = 64 * 1024  # of one connection, as they come off the socket
PIECE = 16 * 1024
LONGEST_WINDOW_S = 0.15  # for a greeting: servers that speak first do so at once
LONGEST_IMPATIENCE_S = 0.5


class Desk(Protocol):
    """What a visit asks for connections and reports to."""

    def wants_line(self, visit: Visit) -> None:
        """Call ``visit.dialled`` when there is room for a connection."""

    def is_over(self, visit: Visit) -> None:
        """All that can be known about the port is known."""


class Call:
    """One talk on one line."""

    __slots__ = ("expiry", "got", "line", "outgoing", "quiet", "reached", "talk")

    def __init__(self, line: Line, talk: Talk) -> None:
        self.line = line
        self.talk = talk
        self.reached = False
        self.got = 0
        self.outgoing = b""
        self.quiet: Alarm | None = None
        self.expiry: Alarm | None = None


class Visit:
    """All talks with one open port.

    They follow each other; but a talk that has heard nothing for a while gets company, as addresses do in RFC 8305, so
    that a port which ignores one kind of question costs little more than one timeout, not one for each kind.
    """

    def __init__(self, host: Host, port: int, rtt_s: float, *, lines: Lines, timeout_s: float, desk: Desk) -> None:
        self.host = host
        self.port = port
        self.rtt_s = rtt_s
        window_s = min(0.25 * timeout_s, LONGEST_WINDOW_S + 1.5 * rtt_s)
        name = host.label if host.named else None
        self._inspection = Inspection(port, address=host.address, name=name, window_s=window_s)
        self._lines = lines
        self._timeout_s = timeout_s
        self._impatience_s = window_s + min(0.25 * timeout_s, LONGEST_IMPATIENCE_S)
        self._desk = desk
        self._calls: dict[Line, Call] = {}
        self._queue: deque[Talk] = deque()
        self._impatience: Alarm | None = None

    @property
    def facts(self) -> Facts:
        """What is known by now."""
        return self._inspection.facts

    @property
    def wants_to_dial(self) -> bool:
        """Whether a talk waits for a connection."""
        return bool(self._queue)

    def begin(self, line: Line | None, now: float) -> None:
        """Start on the connection that showed the port to be open; None if the server has cut it already."""
        talk = self._inspection.next()
        assert talk is not None
        if line is None:
            talk.end(Ending.RESET)
            self._settle(talk)
        elif now - line.started > self._timeout_s / 2:
            # The handshake took most of the connection's life: the talk deserves a whole one.
            self._lines.hang_up(line)
            self._enqueue(talk)
        else:
            line.owner = self
            self._reached(self._call(line, talk), now)
            self._be_impatient(now)

    def dial(self, now: float) -> int:
        """Open a connection for the next talk; the error that came of it, 0 if none."""
        error, sock = self._lines.dial(self.host, self.port)
        if sock is not None:
            call = self._call(self._lines.hold(sock, self, now), self._queue.popleft())
            self._be_impatient(now)
            if not error:
                self._handshake_ended(call, now)
        return 0 if sock is not None else error

    def unreached(self) -> None:
        """The connection for the next talk failed before it began."""
        talk = self._queue.popleft()
        talk.end(Ending.UNREACHED)
        self._settle(talk)

    def ready(self, line: Line, now: float) -> None:
        """A line can go on."""
        call = self._calls[line]
        if not call.reached:
            self._handshake_ended(call, now)
        elif call.outgoing:
            self._send(call, b"")
            if not call.outgoing:
                self._lines.watch(line, READ)
        else:
            self._receive(call, now)

    def break_off(self) -> None:
        """Close all connections and keep what they told so far."""
        for call in list(self._calls.values()):
            self._drop(call)
            if call.reached:
                call.talk.end(Ending.TIMEOUT)
                self._inspection.settle(call.talk)
        self._lines.cancel(self._impatience)

    def _call(self, line: Line, talk: Talk) -> Call:
        call = self._calls[line] = Call(line, talk)
        call.expiry = self._lines.ring(line.started + self._timeout_s, lambda _: self._end(call, Ending.TIMEOUT))
        return call

    def _handshake_ended(self, call: Call, now: float) -> None:
        error = pending_error(call.line.sock)
        if error in CUT_AT_ONCE:
            self._end(call, Ending.RESET)
        elif error or connects_to_itself(call.line.sock):
            self._end(call, Ending.UNREACHED)
        else:
            self._reached(call, now)

    def _reached(self, call: Call, now: float) -> None:
        call.reached = True
        self._say(call, call.talk.open(), now)

    def _receive(self, call: Call, now: float) -> None:
        try:
            data = call.line.sock.recv(min(PIECE, MOST_BYTES - call.got))
        except BlockingIOError:
            return
        except OSError:
            self._end(call, Ending.RESET)
            return
        if not data:
            self._end(call, Ending.CLOSED)
            return
        call.got += len(data)
        answer = call.talk.receive(data)
        if call.got >= MOST_BYTES and not call.talk.done:
            self._end(call, Ending.FULL)
        else:
            self._say(call, answer, now)

    def _say(self, call: Call, data: bytes, now: float) -> None:
        """Send what the talk wants said, and see how it wants to go on."""
        if call.talk.done:
            self._end(call, None)
            return
        self._send(call, data)
        self._lines.watch(call.line, WRITE if call.outgoing else READ)
        self._lines.cancel(call.quiet)
        quiet_s = call.talk.quiet_s
        call.quiet = (
            self._lines.ring(now + quiet_s, lambda at: self._say(call, call.talk.quiet(), at)) if quiet_s else None
        )

    def _send(self, call: Call, data: bytes) -> None:
        pending = call.outgoing + data
        if not pending:
            return
        try:
            sent = call.line.sock.send(pending)
        except BlockingIOError:
            sent = 0
        except OSError:
            # The peer cut the connection. What it said before that may still wait to be read, so let reading find out.
            sent = len(pending)
        call.outgoing = pending[sent:]

    def _end(self, call: Call, ending: Ending | None) -> None:
        """The call is over: done if *ending* is None."""
        self._drop(call)
        if ending is not None:
            call.talk.end(ending)
        self._settle(call.talk)

    def _drop(self, call: Call) -> None:
        del self._calls[call.line]
        self._lines.cancel(call.expiry)
        self._lines.cancel(call.quiet)
        self._lines.hang_up(call.line)

    def _settle(self, talk: Talk) -> None:
        """Draw the conclusions from a talk that is over."""
        self._inspection.settle(talk)
        if self._inspection.sure:
            self._queue.clear()
            for call in list(self._calls.values()):
                self._drop(call)
        if self._calls or self._queue:
            return
        following = self._inspection.next()
        if following is not None:
            self._enqueue(following)
        else:
            self._lines.cancel(self._impatience)
            self._desk.is_over(self)

    def _enqueue(self, talk: Talk) -> None:
        self._queue.append(talk)
        self._desk.wants_line(self)

    def _be_impatient(self, now: float) -> None:
        """A talk has begun: look after it in a while."""
        self._lines.cancel(self._impatience)
        self._impatience = None
        if self._inspection.has_more:
            self._impatience = self._lines.ring(now + self._impatience_s, self._impatient)

    def _impatient(self, now: float) -> None:  # noqa: ARG002 - what every alarm is called with
        self._impatience = None
        heard = any(call.talk.heard for call in self._calls.values())
        if self._calls and not self._queue and not heard:
            following = self._inspection.next()
            if following is not None:
                self._enqueue(following)
