"""One port being knocked at, until it answers or its time is over.

A port has one timeout in all, counted from its first connection. The first connection is kept until then: a slow answer
within the timeout is an answer. But a lost SYN is sent again by the kernel only after a second, so a port that stays
silent for longer than its host usually takes gets a second connection beside the first, and whichever answers decides.

With ``adaptive`` the user trades that care for speed: once a host has answered often enough to know its pace, a silent
connection is given up after a few round trips, tried again as often as the retries allow, and then called filtered.
"""

from __future__ import annotations

from climb.systems.scanner.light import Protocol
from climb.systems.scanner.model import State
from climb.systems.scanner.sockets import connects_to_itself, pending_error, verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from climb.systems.scanner.deadlines import Alarm
    from climb.systems.scanner.lines import Line, Lines
    from climb.systems.scanner.plan import Plan
    from climb.systems.scanner.rtt import RttTable
    from climb.systems.scanner.sockets import Socket
    from climb.systems.scanner.targets import Host

__all__ = ["Attempt", "Judge"]


class Judge(Protocol):
    """Takes what an attempt learned."""

    def settled(self, attempt: Attempt, state: State, reason: str, line: Line | None, now: float) -> None:
        """The port's state is known; *line* is the open connection that showed it."""

    def again(self, attempt: Attempt) -> None:
        """The attempt would like another connection when there is room."""


class Attempt:
    """Owns the lines to one port until one of them answers."""

    __slots__ = ("_alarm", "_judge", "_lines", "_open", "_plan", "_rtts", "expires", "host", "port", "rtt_s", "tries")

    def __init__(
        self, host: Host, port: int, now: float, *, lines: Lines, plan: Plan, rtts: RttTable, judge: Judge
    ) -> None:
        self.host = host
        self.port = port
        self.expires = now + plan.timeout_s
        self.tries = 0
        self.rtt_s = 0.0
        self._lines = lines
        self._plan = plan
        self._rtts = rtts
        self._judge = judge
        self._open: list[Line] = []
        self._alarm: Alarm | None = None

    @property
    def over(self) -> bool:
        return self._alarm is None

    def began(self, sock: Socket, now: float) -> Line:
        """A connection to the port is under way."""
        self.tries += 1
        line = self._lines.hold(sock, self, now)
        self._open.append(line)
        self._wait(now)
        return line

    def ready(self, line: Line, now: float) -> None:
        """A handshake ended, one way or the other."""
        self.rtt_s = now - line.started
        error = pending_error(line.sock)
        state, reason = verdict(error) if error else (State.OPEN, "syn-ack")
        if not error and connects_to_itself(line.sock):
            state, reason = State.CLOSED, "rst"
        if state is not State.FILTERED:
            self._rtts.add(self.host.address, self.rtt_s)
        keep = line if state is State.OPEN and not error else None
        self.settle(state, reason, keep, now)

    def settle(self, state: State, reason: str, line: Line | None, now: float) -> None:
        """The port's state is known; all lines but *line* are hung up."""
        for other in self._open:
            if other is not line:
                self._lines.hang_up(other)
        self._open.clear()
        self._lines.cancel(self._alarm)
        self._alarm = None
        self._judge.settled(self, state, reason, line, now)

    def _wait(self, now: float) -> None:
        """Set the one alarm: for another try or, if there are none left, for the end."""
        self._lines.cancel(self._alarm)
        self._alarm = self._lines.ring(min(self.expires, self._patience_ends(now)), self._silent)

    def _patience_ends(self, now: float) -> float:
        timeout_s = self._plan.timeout_s
        address = self.host.address
        if self._plan.adaptive:
            return now + self._rtts.give_up_after_s(address, timeout_s)
        if self.tries > self._plan.retries:
            return self.expires
        # Each further try is worth half as much, so the pause doubles (RFC 6298, 5.5).
        return now + self._rtts.try_again_after_s(address, timeout_s) * (1 << (self.tries - 1))

    def _silent(self, now: float) -> None:
        """The alarm rang."""
        if now >= self.expires or (self._plan.adaptive and self.tries > self._plan.retries):
            self.settle(State.FILTERED, "no-response", None, now)
            return
        if self._plan.adaptive:
            for line in self._open:
                self._lines.hang_up(line)
            self._open.clear()
        self._alarm = self._lines.ring(self.expires, self._silent)
        self._judge.again(self)
