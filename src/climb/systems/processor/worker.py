"""A worker: reads and parses its connections, and keeps the partition of the sensors that it owns.

One thread goes round: what the parent says, what other workers forward, what has come over connections, what a commit has
made safe. A turn takes a bounded piece of each connection, so none waits for another. Readings of sensors that another
worker owns go through a ring of shared memory. Acks follow a commit, never a take.
"""

from __future__ import annotations

import os
import select
import socket
import time
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

from climb.systems.processor.channel import Channel
from climb.systems.processor.committer import Aside
from climb.systems.processor.connections import Batch, Connection, Part
from climb.systems.processor.engine.parsing import Parser
from climb.systems.processor.engine.rings import deal
from climb.systems.processor.engine.store import PartitionStore
from climb.systems.processor.exchange import Exchange, Neighbours
from climb.systems.processor.messages import (
    Advance,
    Claim,
    Closed,
    Connection as Incoming,
    Exit,
    FromParent,
    FromWorker,
    Learned,
    Published,
    Quiet,
    Ready,
    Recovered,
    Stop,
)
from climb.systems.processor.settings import Settings
from climb.systems.processor.shared import LAG_BUCKETS, NO_FLOOR, Word

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Worker"]

_PIECE = 1 << 18  # bytes of one connection in one turn
_BUFFER = 1 << 20
_ALL_IN_FLIGHT = 24 << 20  # bytes of all connections of this worker, read and not acknowledged
_FLOOR_EVERY_NS = 5_000_000  # how often clocks are looked through
_IDLE_TURN_S = 0.05  # without anything to do; sensors become idle meanwhile
_LINGER_S = 1.0  # for a client to close, after our last byte, when the service stops
_PATIENCE_S = 5.0  # then, with clients that do not read their answers
_IN, _OUT = select.EPOLLIN, select.EPOLLOUT


class Worker:
    """One of the processes that share the work."""

    def __init__(
        self,
        settings: Settings,
        neighbours: Neighbours,
        control: socket.socket,
        counts: NDArray[np.int64],
        store: PartitionStore,
    ) -> None:
        self._idle_ns = settings.idle_ms * 1_000_000
        self._near = neighbours
        self._channel: Channel[FromParent, FromWorker] = Channel(control, FromParent, blocking_sends=True)
        self._counts = counts
        self._store = store
        self._parser = Parser(_BUFFER)
        self._buffer = np.empty(_BUFFER, np.uint8)
        self._view = memoryview(self._buffer)  # type: ignore[arg-type]  # an array is a buffer
        self._texts: list[bytes] = []  # how an entry of an ack begins, by sensor
        self._open: dict[int, Connection] = {}
        self._more: deque[Connection] = deque()
        self._claims = self._claims_answered = 0  # for numbers of new sensors, answered in order
        self._holding: deque[tuple[int, Connection]] = deque()  # and which claim each of them waits for
        self._touched: set[Connection] = set()  # have answers to send, or may end
        self._group: list[Part] = []  # taken since the last commit began
        self._committing: list[Part] = []
        self._exchange = Exchange(neighbours)
        self._in_flight = 0
        self._commit = Aside("commit")
        self._snapshot = Aside("snapshot")
        self._stopping = self._quiet = self._done = False
        self._floor_at = 0
        self._stop_at = 0.0
        counts[Word.FLOOR] = NO_FLOOR
        self._epoll = select.epoll()
        self._senders = select.epoll()  # the connections' own, so that all can be left alone at once
        self._listening = True
        for descriptor in (self._channel, self._commit, self._snapshot, self._senders):
            self._epoll.register(descriptor.fileno(), _IN)
        self._epoll.register(neighbours.wakes[neighbours.index], _IN)

    # --- the turns ---------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Work until the parent says ``Exit``."""
        self._channel.send(Ready(self._store.watermark))
        while not self._done:
            for descriptor, _ in self._epoll.poll(0 if self._has_more() else _IDLE_TURN_S):
                self._on_event(descriptor)
            for readings in self._exchange.incoming():
                self._take(readings)
            self._exchange.push()
            if self._listening:
                self._hear_senders()
            for part in self._exchange.made_safe():
                self._finish(part)
            self._begin_commit()
            self._look_at_clocks(time.monotonic_ns())
            self._answer()
            self._listen(self._in_flight < _ALL_IN_FLIGHT and not self._exchange.is_stuck)
            if self._stopping:
                self._end_connections()

    def _has_more(self) -> bool:
        return any(connection.held is None for connection in self._more)

    def _on_event(self, descriptor: int) -> None:
        if descriptor == self._channel.fileno():
            for message in self._channel.receive():
                self._on_message(message)
        elif descriptor == self._commit.fileno():
            self._committed(self._commit.finish())
        elif descriptor == self._snapshot.fileno():
            self._snapshot.finish()
        elif descriptor == self._near.wakes[self._near.index]:
            os.eventfd_read(descriptor)

    def _listen(self, wanted: bool) -> None:
        if wanted != self._listening:
            self._listening = wanted
            self._epoll.modify(self._senders.fileno(), _IN if wanted else 0)

    # --- the parent --------------------------------------------------------------------------------------------------

    def _on_message(self, message: FromParent) -> None:
        match message:
            case Advance(watermark):
                self._store.advance(watermark)  # answered when a commit has made it safe
            case Published(watermark):
                self._store.published(watermark)
            case Learned(names, ids):
                self._learn(names, ids)
            case Incoming(internal):
                self._begin_connection(socket.socket(fileno=self._channel.descriptors.popleft()), internal=internal)
            case Recovered(watermark, published):
                self._catch_up(watermark, published)
            case Stop():
                self._stopping = True
                self._stop_at = time.monotonic() + _PATIENCE_S
                for connection in self._open.values():
                    self._watch(connection)
            case Exit():
                self._done = True

    def _catch_up(self, watermark: int | None, published: int | None) -> None:
        """Come to where the partition stood that had come furthest, and hand over what was not published yet."""
        if published is not None:
            self._store.published(published)
        if watermark is not None and (self._store.watermark is None or self._store.watermark < watermark):
            self._store.advance(watermark)
            self._store.commit()
        self._count()
        self._store.partition.hear_of_all(time.monotonic_ns())  # the service is ready in a moment
        self._look_at_clocks(time.monotonic_ns())
        self._channel.send(Closed(watermark, self._store.unpublished().tobytes()))

    def _learn(self, names: list[bytes], ids: list[int]) -> None:
        self._parser.learn(names, ids)
        for name, number in zip(names, ids, strict=True):
            if number >= len(self._texts):
                self._texts.extend([b""] * (number + 1 - len(self._texts)))
            self._texts[number] = b'"%b":' % name
        self._claims_answered = min(self._claims_answered + 1, self._claims)
        while self._holding and self._holding[0][0] <= self._claims_answered:
            self._release(self._holding.popleft()[1])

    def _release(self, connection: Connection) -> None:
        """Go on with readings that waited for numbers."""
        readings, batch = connection.held, connection.held_batch
        if readings is None or batch is None:  # it has ended meanwhile
            return
        connection.held = connection.held_batch = None
        self._parser.resolve(readings)
        self._distribute(readings, batch)
        self._touched.add(connection)

    # --- connections -------------------------------------------------------------------------------------------------

    def _begin_connection(self, sock: socket.socket, *, internal: bool) -> None:
        connection = Connection(sock, internal=internal)
        self._open[connection.fileno] = connection
        self._counts[Word.CONNECTIONS] += 1
        self._counts[Word.BEGUN] += 1
        self._touched.add(connection)

    def _hear_senders(self) -> None:
        for _ in range(len(self._more)):
            connection = self._more.popleft()
            if connection.held is not None:
                self._more.append(connection)  # lines of one sensor stay in order
            elif self._is_open(connection):
                connection.more = False
                self._parse(connection, connection.feed.front(self._buffer), 0)
        for descriptor, event in self._senders.poll(0):
            connection = self._open[descriptor]
            if event & ~_OUT and connection.mask & _IN:
                self._read(connection)
            self._touched.add(connection)

    def _is_open(self, connection: Connection) -> bool:
        return self._open.get(connection.fileno) is connection

    def _read(self, connection: Connection) -> None:
        front = connection.feed.front(self._buffer)
        try:
            got = connection.read_into(self._view[front : front + _PIECE])
        except BlockingIOError:
            return
        except OSError:
            self._drop(connection)
            return
        if connection.linger_until is not None:
            if not got:
                self._drop(connection)
        elif got:
            self._counts[Word.BYTES] += got
            self._parse(connection, front + got, got)
        else:
            connection.eof = True

    def _parse(self, connection: Connection, length: int, got: int) -> None:
        arrived = time.monotonic_ns()
        parsed = self._parser.parse(self._buffer, length, connection.feed)
        if parsed.new_names:
            self._claims += 1
            self._channel.send(Claim(parsed.new_names))
        for reject in parsed.rejects:
            connection.reject(reject.line, reject.reason)
        self._counts[Word.REJECTED] += len(parsed.rejects)
        if parsed.more:
            connection.more = True
            self._more.append(connection)
        self._touched.add(connection)
        if not len(parsed.readings):
            return
        self._counts[Word.READINGS] += len(parsed.readings)
        batch = Batch(connection, got, len(parsed.readings), arrived)
        connection.in_flight += got
        self._in_flight += got
        self._counts[Word.UNACKNOWLEDGED] = self._in_flight
        if parsed.provisional:
            self._hold(connection, parsed.readings.copy(), batch)
        else:
            self._distribute(parsed.readings, batch)

    def _hold(self, connection: Connection, readings: NDArray[Any], batch: Batch) -> None:
        """Keep readings until their sensors have numbers; this connection is not read meanwhile."""
        connection.held, connection.held_batch = readings, batch
        self._holding.append((self._claims, connection))

    def _distribute(self, readings: NDArray[Any], batch: Batch) -> None:
        """Take what is ours, and forward the rest."""
        workers = len(self._near.wakes)
        if workers == 1:
            self._take(readings)
            self._group.append(Part(batch, readings))
            return
        for owner, share in enumerate(deal(readings, workers)):
            if not len(share):
                continue
            if owner == self._near.index:
                self._take(share)
                self._group.append(Part(batch, share))
            else:
                self._exchange.forward(owner, share, Part(batch, share))
        self._exchange.push()

    def _take(self, readings: NDArray[Any]) -> None:
        self._counts[Word.DUPLICATES] += self._store.take(readings, time.monotonic_ns()).duplicates

    # --- what is safe ------------------------------------------------------------------------------------------------

    def _begin_commit(self) -> None:
        if self._commit.busy or not (self._group or self._exchange.has_uncommitted or self._store.has_advanced):
            return
        self._exchange.begin_commit()
        self._committing, self._group = self._group, []
        self._commit.start(self._store.commit)

    def _committed(self, result: Any) -> None:
        self._counts[Word.COMMITS] += 1
        self._floor_at = 0
        self._look_at_clocks(time.monotonic_ns())
        self._count()  # behind the floor: who sees a new sensor here must find its clock there
        self._exchange.committed()
        for part in self._committing:
            self._finish(part)
        self._committing = []
        if result.watermark is not None:
            self._channel.send(Closed(result.watermark, result.windows.tobytes()))
        if self._store.snapshot_due and not self._snapshot.busy:
            self._snapshot.start(self._store.snapshot())

    def _finish(self, part: Part) -> None:
        batch = part.batch
        connection = batch.connection
        connection.acknowledge(part.sensors, part.seqs)
        batch.parts -= 1
        if not batch.parts:
            connection.in_flight -= batch.size
            self._in_flight -= batch.size
            self._counts[Word.UNACKNOWLEDGED] = self._in_flight
            self._note_lag(time.monotonic_ns() - batch.arrived_ns, batch.readings)
        self._touched.add(connection)

    def _note_lag(self, lag_ns: int, readings: int) -> None:
        lag_us = lag_ns // 1000 + 1
        doubling = lag_us.bit_length() - 1
        quarter = ((lag_us << 2) >> doubling) & 3
        self._counts[Word.LAG + min(4 * doubling + quarter, LAG_BUCKETS - 1)] += readings

    def _count(self) -> None:
        self._counts[Word.ACCEPTED] = self._store.accepted
        self._counts[Word.LATE] = self._store.late
        self._counts[Word.SENSORS] = self._store.sensors
        self._counts[Word.OPEN_WINDOWS] = self._store.partition.open_panes

    def _look_at_clocks(self, now_ns: int) -> None:
        if now_ns - self._floor_at >= _FLOOR_EVERY_NS:
            self._floor_at = now_ns
            floor = self._store.clock_floor(now_ns, self._idle_ns)
            self._counts[Word.FLOOR] = NO_FLOOR if floor is None else floor

    # --- answers -----------------------------------------------------------------------------------------------------

    def _answer(self) -> None:
        touched, self._touched = self._touched, set()
        for connection in touched:
            if not self._is_open(connection):
                continue
            try:
                connection.answer(self._texts)
            except OSError:
                self._drop(connection)
                continue
            if connection.eof and connection.is_answered:
                self._drop(connection)
            else:
                self._watch(connection)

    def _watch(self, connection: Connection) -> None:
        """Have epoll watch for what this connection needs now, and for nothing else, its end included."""
        reads = connection.wants_input and (connection.internal or not self._stopping)
        mask = (_IN if reads or connection.linger_until is not None else 0) | (_OUT if connection.has_output else 0)
        if mask == connection.mask:
            return
        if not connection.mask:
            self._senders.register(connection.fileno, mask)
        elif mask:
            self._senders.modify(connection.fileno, mask)
        else:
            self._senders.unregister(connection.fileno)
        connection.mask = mask

    def _drop(self, connection: Connection) -> None:
        if not self._is_open(connection):
            return
        del self._open[connection.fileno]
        if connection.mask:
            self._senders.unregister(connection.fileno)
            connection.mask = 0
        if connection.held_batch is not None:
            self._in_flight -= connection.held_batch.size
            connection.held = connection.held_batch = None
        self._counts[Word.CONNECTIONS] -= 1
        connection.close()

    # --- the end -----------------------------------------------------------------------------------------------------

    def _end_connections(self) -> None:
        """Shut down what is answered, close what its client has closed or has had its second, and tell the parent when all is."""
        now = time.monotonic()
        for connection in list(self._open.values()):
            if connection.linger_until is not None:
                if now >= connection.linger_until:
                    self._drop(connection)
            elif now >= self._stop_at:
                self._drop(connection)
            elif connection.is_answered and not connection.internal:
                try:
                    connection.end_output()
                except OSError:
                    self._drop(connection)
                    continue
                connection.linger_until = now + _LINGER_S
                self._watch(connection)
        if not (self._quiet or self._open or self._in_flight or self._group or self._commit.busy):
            self._quiet = True
            self._channel.send(Quiet())
