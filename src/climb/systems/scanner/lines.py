"""The connections that are open: dialled within the limits, watched together, hung up in time."""

from __future__ import annotations

import _socket
from contextlib import suppress

from climb.systems.scanner.deadlines import Deadlines
from climb.systems.scanner.light import Protocol
from climb.systems.scanner.limits import Slots, TokenBucket, descriptors_left
from climb.systems.scanner.sockets import READ, WRITE, Dialer, Poller

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from climb.systems.scanner.deadlines import Alarm, Ring
    from climb.systems.scanner.plan import Plan
    from climb.systems.scanner.sockets import Socket
    from climb.systems.scanner.targets import Host

__all__ = ["Line", "Lines", "Owner"]

RESERVED_DESCRIPTORS = 16  # for the modules that are imported on the way, and for the output
LONGEST_SLEEP_S = 60.0


class Owner(Protocol):
    """What a line belongs to, and is told when it can go on."""

    def ready(self, line: Line, now: float) -> None:
        """The line's socket has something to say."""


class Line:
    """One connection, from ``connect()`` to ``close()``."""

    __slots__ = ("events", "owner", "sock", "started")

    def __init__(self, sock: Socket, owner: Owner, started: float) -> None:
        self.sock = sock
        self.owner = owner
        self.started = started
        self.events = 0


class Lines:
    """All lines of a scan. Each counts for the concurrency while it lives and for the rate when it starts.

    Nothing may be dialled while the answers of one ``wait`` are handed out: a descriptor that was closed among them must
    not come back as another line before the rest has been looked at.
    """

    def __init__(self, plan: Plan, now: float) -> None:
        self._poller = Poller()
        self._woken, self._waker = _socket.socketpair()  # unlike a pipe's number, a closed socket can't be mistaken
        self._waker.setblocking(False)
        self._poller.add(self._woken.fileno(), READ)
        left = descriptors_left(RESERVED_DESCRIPTORS)
        self.slots = Slots(plan.concurrency if left is None else min(plan.concurrency, left))
        self._bucket = TokenBucket(plan.rate, now) if plan.rate is not None else None
        self._dialer = Dialer()
        self._lines: dict[int, Line] = {}
        self._alarms = Deadlines()

    def room(self, now: float) -> bool:
        """Whether a connection may start now. Ask right before ``dial``: a yes is used up by it."""
        return self.slots.free(now) and (self._bucket is None or self._bucket.take(now))

    def dial(self, host: Host, port: int) -> tuple[int, Socket | None]:
        """Start a connection: (0 or EINPROGRESS, socket), or (errno, None)."""
        return self._dialer.dial(host, port)

    def shortage(self, now: float) -> None:
        """The system refused a connection for want of something: go on with those that are open."""
        self._dialer.close()
        self.slots.shortage(now)

    def hold(self, sock: Socket, owner: Owner, started: float) -> Line:
        """Count and watch a socket that ``dial`` gave."""
        line = Line(sock, owner, started)
        self._lines[sock.fileno()] = line
        self.slots.used += 1
        self.watch(line, WRITE)
        return line

    def watch(self, line: Line, events: int) -> None:
        """Tell the line's owner about *events*."""
        if line.events == events:
            return
        if line.events:
            self._poller.change(line.sock.fileno(), events)
        else:
            self._poller.add(line.sock.fileno(), events)
        line.events = events

    def hang_up(self, line: Line) -> None:
        """Close the line; one that is closed already may be given too."""
        descriptor = line.sock.fileno()
        if descriptor < 0:
            return
        self._poller.remove(descriptor)
        del self._lines[descriptor]
        line.sock.close()
        self.slots.used -= 1

    def ring(self, at: float, call: Ring) -> Alarm:
        """Call *call* at *at*."""
        return self._alarms.set(at, call)

    def cancel(self, alarm: Alarm | None) -> None:
        self._alarms.cancel(alarm)

    def wait(self, most_s: float) -> list[Line]:
        """The lines that can go on, as soon as there is one, at the next alarm or after *most_s*."""
        return [self._lines[descriptor] for descriptor, _ in self._poller.wait(most_s) if descriptor in self._lines]

    def due(self, now: float) -> Iterator[Ring]:
        """The calls whose time has come."""
        return self._alarms.due(now)

    def sleep_s(self, now: float, *, eager: bool) -> float:
        """How long there is nothing to do; *eager* if something waits to be dialled."""
        sleep = LONGEST_SLEEP_S
        at = self._alarms.next_at()
        if at is not None:
            sleep = min(sleep, max(0.0, at - now))
        if eager:
            shortage = self.slots.wait_s(now)
            if shortage is not None:
                sleep = min(sleep, shortage)
            if self._bucket is not None and self.slots.free(now):
                sleep = min(sleep, self._bucket.wait_s(now))
        return sleep

    def wake(self) -> None:
        """End a ``wait`` that is under way or the next one. May be called from any thread and from a signal handler."""
        with suppress(OSError):  # full, so the wait will end anyway; or closed, so there is none
            self._waker.send(b"\0")

    def close(self) -> None:
        """Hang up everything."""
        for line in list(self._lines.values()):
            self.hang_up(line)
        self._dialer.close()
        self._poller.close()
        self._woken.close()
        self._waker.close()
