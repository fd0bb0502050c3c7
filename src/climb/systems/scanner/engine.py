"""The scan itself: one thread, one loop, all sockets non-blocking.

Why not a task per port: creating one costs more than the port does. A refused port on a near host is done within
``dial``, touches neither the poller nor the alarms, and unless all ports are to be reported makes no object at all.

Each ``turn`` starts what the limits allow, waits until a connection can go on or an alarm rings, and hands out what was
found. Who gets a free slot first: talks with open ports (a finding is complete the sooner), then new ports, then second
tries at silent ones, which therefore never slow a scan down. With ``adaptive`` a second try has given its first
connection back already, so it goes before new ports.

Events are looked at before alarms: if this program was held up, an answer that came in time still counts.
"""

from __future__ import annotations

import errno
import os
import time
from collections import deque

from climb.systems.scanner.attempt import Attempt
from climb.systems.scanner.errors import ScanError
from climb.systems.scanner.lines import Lines
from climb.systems.scanner.model import NOTHING, State
from climb.systems.scanner.rtt import RttTable
from climb.systems.scanner.sockets import SHORTAGE, verdict
from climb.systems.scanner.tally import Tally

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType
    from typing import Self

    from climb.systems.scanner.lines import Line
    from climb.systems.scanner.model import Found, Summary
    from climb.systems.scanner.plan import Plan
    from climb.systems.scanner.sockets import Socket
    from climb.systems.scanner.targets import Host
    from climb.systems.scanner.visit import Visit

__all__ = ["Engine"]

DIALS_PER_TURN = 256  # some milliseconds' worth: so long may an answer wait
# How often our own system may refuse us in a row while we have nothing open, with 0.05 s between two tries: a descriptor
# may come back when another program ends, an address to speak from hardly ever does.
MOST_REFUSALS = 200
MOST_REFUSALS_OF_ADDRESS = 20


class Engine:
    """Carries out a plan, or the part of it that *pairs* name. Use it as a context manager, and call ``turn`` until ``finished``."""

    def __init__(
        self,
        plan: Plan,
        *,
        pairs: Iterable[tuple[Host, int]] | None = None,
        report_all: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plan = plan
        self._clock = clock
        self._began = clock()
        self._pairs = iter(plan.pairs() if pairs is None else pairs)
        self._next: tuple[Host, int] | None = next(self._pairs, None)
        self._lines = Lines(plan, self._began)
        self._rtts = RttTable()
        self._again: deque[Attempt] = deque()
        self._visits: set[Visit] = set()
        self._waiting_visits: deque[Visit] = deque()
        self._attempts = 0
        self._refused_by_system = 0
        self._out_of_reach: set[str] = set()  # addresses that this machine has no address to speak from
        self._stopped = False
        self._closed = False
        self.tally = Tally(report_all=report_all or plan.report_all)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to do."""
        return self._stopped or (self._next is None and not self._attempts and not self._visits)

    @property
    def connections(self) -> int:
        """How many connections are open or being opened."""
        return self._lines.slots.used

    def turn(self) -> list[Found]:
        """Go on until something happens; what was found meanwhile."""
        if not self.finished:
            hurried = self._start()
            if not self.finished:
                self._answer(0.0 if hurried else self._sleep_s())
        return self.tally.take()

    def stop(self) -> None:
        """End the scan before its time. May be called from any thread and from a signal handler."""
        self._stopped = True
        self._lines.wake()

    def close(self) -> list[Found]:
        """Close all connections. What is known about open ports that were still being asked is handed out."""
        if self._closed:
            return []
        self._closed = True
        for visit in list(self._visits):
            visit.break_off()
            self.is_over(visit)
        self._lines.close()
        return self.tally.take()

    def summary(self) -> Summary:
        """What has been done so far."""
        return self.tally.summary(self._plan.targets.count, self._clock() - self._began)

    # What attempts and visits report.

    def settled(self, attempt: Attempt, state: State, reason: str, line: Line | None, now: float) -> None:
        self._attempts -= 1
        self._record(attempt.host, attempt.port, state, reason, attempt.rtt_s, line, now)

    def again(self, attempt: Attempt) -> None:
        self._again.append(attempt)

    def wants_line(self, visit: Visit) -> None:
        self._waiting_visits.append(visit)

    def is_over(self, visit: Visit) -> None:
        self._visits.discard(visit)
        self.tally.add_open(visit.host, visit.port, visit.rtt_s, visit.facts)

    def _record(
        self, host: Host, port: int, state: State, reason: str, rtt_s: float, line: Line | None, now: float
    ) -> None:
        if state is State.CLOSED:
            self.tally.add_closed(host, port, rtt_s, reason)
        elif state is State.FILTERED:
            self.tally.add_filtered(host, port, reason)
        else:
            self.tally.open += 1
            self._visit(host, port, rtt_s, line, now)

    def _visit(self, host: Host, port: int, rtt_s: float, line: Line | None, now: float) -> None:
        if self._plan.probe:
            from climb.systems.scanner.visit import Visit  # a scan that finds nothing open starts without it

            visit = Visit(host, port, rtt_s, lines=self._lines, timeout_s=self._plan.timeout_s, desk=self)
            self._visits.add(visit)
            visit.begin(line, now)
        else:
            if line is not None:
                self._lines.hang_up(line)
            self.tally.add_open(host, port, rtt_s, NOTHING)

    # One turn.

    def _start(self) -> bool:
        """Start connections while there is room; true if there is more to start at once."""
        first, last = (self._try_again, self._knock) if self._plan.adaptive else (self._knock, self._try_again)
        for _ in range(DIALS_PER_TURN):
            if not (self._waiting_visits or self._next or self._again):
                return False
            now = self._clock()
            if not self._lines.room(now):
                return False
            if not (self._dial_visit(now) or first(now) or last(now)):
                return False
        return True

    def _answer(self, most_s: float) -> None:
        now = None
        for line in self._lines.wait(most_s):
            now = now or self._clock()
            if line.sock.fileno() >= 0:  # another answer of this turn may have closed it
                line.owner.ready(line, now)
        for ring in self._lines.due(self._clock()):
            ring(self._clock())

    def _sleep_s(self) -> float:
        eager = bool(self._waiting_visits or self._next or self._again)
        return self._lines.sleep_s(self._clock(), eager=eager)

    # What may be started; each says whether it did something.

    def _dial_visit(self, now: float) -> bool:
        while self._waiting_visits:
            visit = self._waiting_visits.popleft()
            if not visit.wants_to_dial:
                continue
            error = visit.dial(now)
            if error in SHORTAGE and self._waits_for_system(visit.host, error, now):
                self._waiting_visits.appendleft(visit)
            elif error:
                visit.unreached()
            return True
        return False

    def _knock(self, now: float) -> bool:
        """Start the first connection to the next port."""
        if self._next is None:
            return False
        host, port = self._next
        error, sock = self._lines.dial(host, port)
        if error in SHORTAGE and self._waits_for_system(host, error, now):
            return True
        self._next = next(self._pairs, None)
        self._refused_by_system = 0
        if error == errno.ECONNREFUSED:
            self.tally.add_closed(host, port, self._clock() - now)
        elif sock is not None:
            self._attempts += 1
            attempt = Attempt(host, port, now, lines=self._lines, plan=self._plan, rtts=self._rtts, judge=self)
            self._begin(attempt, error, sock, now)
        else:
            self._record(host, port, *verdict(error), self._clock() - now, None, now)
        return True

    def _try_again(self, now: float) -> bool:
        """Start another connection to a port that has been silent."""
        while self._again:
            attempt = self._again.popleft()
            if attempt.over:
                continue
            error, sock = self._lines.dial(attempt.host, attempt.port)
            if error in SHORTAGE and self._waits_for_system(attempt.host, error, now):
                self._again.appendleft(attempt)
            elif sock is not None:
                self._begin(attempt, error, sock, now)
            else:
                attempt.rtt_s = self._clock() - now
                attempt.settle(*verdict(error), None, now)
            return True
        return False

    def _begin(self, attempt: Attempt, error: int, sock: Socket, now: float) -> None:
        line = attempt.began(sock, now)
        if not error:  # connected at once
            attempt.ready(line, self._clock())

    def _waits_for_system(self, host: Host, error: int, now: float) -> bool:
        """Wait out a refusal by our own system, from which nothing was learned about the port; false if that is in vain."""
        of_address = error == errno.EADDRNOTAVAIL
        if of_address and host.address in self._out_of_reach:
            return False
        if self._lines.slots.used:
            self._refused_by_system = 0
        self._refused_by_system += 1
        if self._refused_by_system < (MOST_REFUSALS_OF_ADDRESS if of_address else MOST_REFUSALS):
            self._lines.shortage(now)
            return True
        self._refused_by_system = 0
        if not of_address:
            advice = "close other programs or raise 'ulimit -n'"
            raise ScanError(f"the system gives no socket ({os.strerror(error)}): {advice}")
        self._out_of_reach.add(host.address)
        return False
