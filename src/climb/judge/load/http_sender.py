"""The process that sends HTTP: ``python -m climb.judge.load.http_sender`` reads a plan, connects, says so, and sends when it is told to.

Whose turn it is depends on the clock alone (open loop). Next to be sent is always the earliest request that was not sent yet, so those
that wait for a connection need no queue: when one is free, what is due goes, with the time that it should have had. A latency that
counted from the moment of sending would leave out what matters most, the wait that a slow program causes before it
(coordinated omission, Gil Tene).

A kernel timer wakes the loop when the next request is due (``alarm.py``). What this process adds itself is recorded as lateness: the
time from when a request could have left, due and with a free connection, to when it did. If the process itself was away, because others
had the processors, nothing was free since nobody looked; then it is the rest of that absence from when the request was due.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import sys
import time
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import psutil
import uvloop

from climb.judge.load.alarm import Alarm
from climb.judge.load.http_connection import HttpConnection
from climb.judge.load.http_plan import HttpEnded, HttpOrder
from climb.judge.load.http_records import Records
from climb.judge.load.http_turns import NEVER, Turns
from climb.judge.load.orders import follow, tell
from climb.judge.load.plan import Sample

__all__ = ["main"]

_S = 1_000_000_000
_SAMPLE_S = 0.05
_SAMPLE_NS = int(_SAMPLE_S * _S)
_TIMER_NS = 2_000_000  # by which a timer of the loop may be late in any case
_CONNECT_S = 10.0
_AGAIN_S = 0.05  # until a connect that failed is tried again


class _Used(NamedTuple):
    """Seconds of processors, counted from some time in the past."""

    idle_s: float
    cpu_s: float
    kept_waiting_s: float

    @classmethod
    def now(cls) -> _Used:
        """The wait for a processor is 0 where the kernel does not tell it (Documentation/scheduler/sched-stats.rst)."""
        waited_ns = 0
        with contextlib.suppress(OSError):
            waited_ns = int(Path("/proc/self/schedstat").read_text().split()[1])
        return cls(psutil.cpu_times().idle, time.process_time(), waited_ns / _S)

    def __sub__(self, earlier: _Used) -> _Used:
        return _Used(*(now - before for now, before in zip(self, earlier, strict=True)))


class _Sending:
    """All connections of a plan in one loop."""

    def __init__(self, order: HttpOrder) -> None:
        self._address = (order.host, order.port)
        self._plan = order.plan
        self._open_loop = order.plan.rate_per_s is not None
        self._data = [request.data for request in order.plan.requests]
        self._heads = [request.method.upper() == "HEAD" for request in order.plan.requests]
        self._turns = Turns(order.plan)
        self._records = Records(order.plan)
        self._free: deque[HttpConnection] = deque()
        self._open: set[HttpConnection] = set()
        self._connecting: set[asyncio.Task[None]] = set()
        self._connects_failed: Counter[str] = Counter()
        self._connects = 0
        self._sent = 0
        self._answered = 0
        self._under_way = 0
        self._started_ns = 0
        self._away_from_ns = 0
        self._away_until_ns = 0
        self._closing = False  # a closed loop that sends no more
        self._running = False
        self._done = asyncio.Event()

    # --- from connecting to the end ---

    async def connect(self) -> None:
        """Open all connections, as far as they can be opened."""
        self._loop = asyncio.get_running_loop()
        self._alarm = Alarm(self._rung)
        for _ in range(self._plan.connections):
            self._connect()
        await asyncio.wait(list(self._connecting), timeout=_CONNECT_S, return_when=asyncio.FIRST_EXCEPTION)

    async def run(self) -> HttpEnded:
        """Send until all is sent and answered, until patience ends, or until standard input does."""
        self._loop.add_reader(sys.stdin.fileno(), self._done.set)
        sampling = self._loop.create_task(self._sample())
        before = _Used.now()
        self._running, self._started_ns = True, time.monotonic_ns()
        self._begin()
        ends = [
            self._loop.call_later(self._plan.seconds, self._close),
            self._loop.call_later(self._plan.seconds + self._plan.patience_s, self._done.set),
        ]
        await self._done.wait()
        ended_ns = time.monotonic_ns()
        used = _Used.now() - before
        sampling.cancel()
        for handle in ends:
            handle.cancel()
        return self._end(ended_ns, used)

    def _begin(self) -> None:
        for connection in self._free:
            connection.free_since_ns = self._started_ns
        for _ in range(self._plan.connections - len(self._free) - len(self._connecting)):
            self._connect()
        if self._open_loop:
            self._turns.begin(self._started_ns)
            self._send_due()
        else:
            while self._free:
                self._send_now(self._free.popleft(), self._started_ns)

    def _close(self) -> None:
        """The time of sending is over."""
        self._closing = True
        self._end_if_done()

    def _end(self, ended_ns: int, used: _Used) -> HttpEnded:
        self._running = False
        unanswered, unsent = self._under_way, 0
        for connection in self._open:
            if connection.request >= 0:
                self._unanswered(connection.due_ns, connection.request, ended_ns)
            connection.abort()
        while self._turns.at_ns <= ended_ns:
            self._unanswered(self._turns.at_ns, self._turns.request, ended_ns)
            self._turns.advance()
            unsent += 1
        for task in self._connecting:
            task.cancel()
        self._alarm.close()
        self._tell_progress()
        return HttpEnded(
            started=self._started_ns / _S,
            ended=ended_ns / _S,
            idle_s=used.idle_s,
            cpu_s=used.cpu_s,
            kept_waiting_s=used.kept_waiting_s,
            sent=self._sent,
            unanswered=unanswered,
            unsent=unsent,
            errors=dict(self._records.errors),
            connects_failed=dict(self._connects_failed),
            connects=self._connects,
            lateness=self._records.lateness.histogram(),
            kinds=self._records.kinds(),
            slices=self._records.slices(),
            slowest=self._records.slowest(),
        )

    def _unanswered(self, due_ns: int, request: int, ended_ns: int) -> None:
        """It has waited so long, and would have waited longer: leaving it out would make a program that hangs look fast."""
        self._records.waited(due_ns, ended_ns - due_ns, request, self._started_ns)
        self._records.slow(due_ns, ended_ns - due_ns, request, 0)

    # --- sending ---

    def _rung(self, at_ns: int) -> None:
        self._note_absence(at_ns)
        self._send_due()

    def _note_absence(self, expected_ns: int) -> None:
        """The process should have been awake at this time, and is so only now."""
        if expected_ns >= self._away_until_ns:
            self._away_from_ns = expected_ns
        self._away_until_ns = time.monotonic_ns()

    def _send_due(self) -> None:
        """Send what is due, as far as connections are free; wake again for the next."""
        free, turns = self._free, self._turns
        while free:
            now = time.monotonic_ns()
            if turns.at_ns > now:
                break
            self._send_turn(free.popleft(), now)
        if free and turns.at_ns not in (NEVER, self._alarm.at_ns):
            self._alarm.set(turns.at_ns)

    def _send_turn(self, connection: HttpConnection, now: int) -> None:
        turns = self._turns
        due = turns.at_ns
        late = now - max(due, connection.free_since_ns)
        if due < self._away_until_ns:
            late = max(late, self._away_until_ns - max(due, self._away_from_ns))
        self._records.lateness.record(late)
        self._under_way += 1
        self._sent += 1
        connection.send(self._data[turns.request], turns.request, due, head=self._heads[turns.request])
        turns.advance()

    def _send_now(self, connection: HttpConnection, now: int) -> None:
        turns = self._turns
        turns.draw()
        self._under_way += 1
        self._sent += 1
        connection.send(self._data[turns.request], turns.request, now, head=self._heads[turns.request])

    def _use(self, connection: HttpConnection, now: int) -> None:
        """A connection is free: for a request that waits, else for later."""
        connection.free_since_ns = now
        if not self._running:
            self._free.append(connection)
        elif not self._open_loop:
            if not self._closing:
                self._send_now(connection, now)
        elif self._turns.at_ns <= now:
            self._send_turn(connection, now)
        else:
            self._free.append(connection)
            if len(self._free) == 1:  # without a free connection nothing was to be woken for
                self._send_due()

    def _end_if_done(self) -> None:
        over = self._turns.at_ns == NEVER if self._open_loop else self._closing
        if over and not self._under_way and self._running:
            self._done.set()

    # --- what connections tell ---

    def answered(self, connection: HttpConnection, status: int, *, stays: bool) -> None:
        """The request under way was answered."""
        now = time.monotonic_ns()
        self._records.answered(connection.due_ns, now - connection.due_ns, connection.request, self._started_ns, status)
        self._answered += 1
        self._under_way -= 1
        connection.request = -1
        if stays:
            self._use(connection, now)
        else:
            self._replace(connection, after_s=0)
        if not self._under_way:
            self._end_if_done()

    def lost(self, connection: HttpConnection, how: str) -> None:
        """The connection is of no more use; ``how`` became of the request under way, if there was one."""
        if connection not in self._open:
            return
        if connection.request >= 0:
            connection.request = -1
            self._records.errors[how] += 1
            self._under_way -= 1
        self._replace(connection, after_s=_AGAIN_S)
        self._end_if_done()

    def _replace(self, connection: HttpConnection, *, after_s: float) -> None:
        self._open.discard(connection)
        with contextlib.suppress(ValueError):
            self._free.remove(connection)
        connection.abort()
        if not self._done.is_set():
            self._connect(after_s)

    def _connect(self, after_s: float = 0.0) -> None:
        task = self._loop.create_task(self._connected(after_s))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _connected(self, after_s: float) -> None:
        await asyncio.sleep(after_s)
        while True:
            try:
                _, connection = await self._loop.create_connection(lambda: HttpConnection(self), *self._address)
                break
            except OSError as error:
                reason = os.strerror(error.errno).lower() if error.errno else str(error)
                self._connects_failed[reason] += 1
                if not self._running:
                    return
                await asyncio.sleep(_AGAIN_S)
        self._connects += 1
        self._open.add(connection)
        self._use(connection, time.monotonic_ns())

    # --- how far it is ---

    async def _sample(self) -> None:
        while True:
            self._tell_progress()
            expected_ns = time.monotonic_ns() + _SAMPLE_NS + _TIMER_NS
            await asyncio.sleep(_SAMPLE_S)
            if time.monotonic_ns() > expected_ns:
                self._note_absence(expected_ns)

    def _tell_progress(self) -> None:
        tell(Sample(time.monotonic(), self._sent, self._answered))


def main() -> None:
    """Connect, say that it is ready, wait for a byte, send, and tell the result."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:

        def prepared(order: HttpOrder) -> Callable[[], HttpEnded]:
            sending = _Sending(order)
            runner.run(sending.connect())
            gc.freeze()
            gc.disable()  # a collection would be a pause, and there is next to nothing to collect
            return lambda: runner.run(sending.run())

        follow(HttpOrder, prepared)


if __name__ == "__main__":
    main()
