"""Decides, one reading after the other, what each of them is: a duplicate, late, or accepted; and how far event time has come.

There is one sequencer for all sensors, in one thread. It does little for each reading; parsing and aggregating, which are most
of the work, are the workers'. Since it sees all readings in one order, results do not depend on the number of workers.
The same calls in the same order lead to the same state: that is how a log is replayed.
"""

import heapq
import zlib
from dataclasses import dataclass, field

NEVER = float("-inf")


class Sensor:
    __slots__ = ("name", "owner", "highest", "clock", "idle", "taken_at", "in_heap")

    def __init__(self, name, owner):
        self.name = name
        self.owner = owner
        self.highest = 0
        self.clock = -1
        self.idle = False
        self.taken_at = 0.0
        self.in_heap = False


@dataclass
class Step:
    """What the workers have to do next: first readings, for each worker his own, then perhaps close windows."""

    readings: list
    close_to: int | None = None


@dataclass
class Outcome:
    taken: list = field(default_factory=list)
    acks: dict = field(default_factory=dict)
    steps: list = field(default_factory=list)


class Sequencer:
    def __init__(self, settings):
        self.window_ms = settings.window_ms
        self.slide_ms = settings.slide_ms
        self.lateness_ms = settings.lateness_ms
        self.idle_s = settings.idle_ms / 1000
        self.workers = settings.workers
        self.sensors = {}
        self.heap = []  # (clock, name) of sensors that are not idle; a clock in it may be out of date
        self.watermark = NEVER
        self.closed_to = NEVER  # the watermark, down to the last place where a window can end
        self.accepted = self.late = self.duplicates = 0

    def take(self, readings, now) -> Outcome:
        """Takes what is no duplicate. Whoever calls writes `taken` to the log before anything of this is told."""
        outcome = Outcome()
        step = self._new_step()
        for reading in readings:
            name, seq, ts, value = reading
            sensor = self._sensor(name)
            if seq <= sensor.highest:
                self.duplicates += 1
                continue
            sensor.highest = seq
            sensor.taken_at = now
            outcome.taken.append(reading)
            if self._end_of_last_window(ts) <= self.closed_to:
                self.late += 1
            else:
                self.accepted += 1
                step.readings[sensor.owner].append((name, ts, value))
            sensor.clock = max(sensor.clock, ts)
            self._wake(sensor)
            if self._advance():
                step = self._close(step, outcome)
        if any(step.readings):
            outcome.steps.append(step)
        outcome.acks = {name: self.sensors[name].highest for name, *_ in readings}
        return outcome

    def idle_now(self, now):
        """The names of the sensors that have become idle."""
        return [s.name for s in self.sensors.values() if not s.idle and now - s.taken_at >= self.idle_s]

    def let_idle(self, names) -> Outcome:
        outcome = Outcome()
        for name in names:
            self.sensors[name].idle = True
        if self._advance():
            self._close(self._new_step(), outcome)
        return outcome

    def begin(self, now):
        """After a start, all known sensors count as not idle."""
        for sensor in self.sensors.values():
            sensor.taken_at = now
            self._wake(sensor)

    def _sensor(self, name):
        sensor = self.sensors.get(name)
        if sensor is None:
            sensor = self.sensors[name] = Sensor(name, self.owner(name))
        return sensor

    def owner(self, name):
        """The worker that aggregates a sensor's readings."""
        return zlib.crc32(name.encode()) % self.workers

    def _end_of_last_window(self, ts):
        return ts - ts % self.slide_ms + self.window_ms

    def _wake(self, sensor):
        sensor.idle = False
        if not sensor.in_heap:
            sensor.in_heap = True
            heapq.heappush(self.heap, (sensor.clock, sensor.name))

    def _lowest_clock(self):
        """The smallest clock of all sensors that are not idle, or None if all are."""
        while self.heap:
            clock, name = self.heap[0]
            sensor = self.sensors[name]
            if sensor.idle:
                sensor.in_heap = False
                heapq.heappop(self.heap)
            elif sensor.clock != clock:
                heapq.heapreplace(self.heap, (sensor.clock, name))
            else:
                return clock
        return None

    def _advance(self):
        """Moves the watermark; true if windows may have to be closed."""
        lowest = self._lowest_clock()
        if lowest is not None and lowest - self.lateness_ms > self.watermark:  # it never goes back
            self.watermark = lowest - self.lateness_ms
            closed_to = self.watermark - self.watermark % self.slide_ms
            if closed_to > self.closed_to:
                self.closed_to = closed_to
                return True
        return False

    def _new_step(self):
        return Step([[] for _ in range(self.workers)])

    def _close(self, step, outcome):
        step.close_to = self.closed_to
        outcome.steps.append(step)
        return self._new_step()

    def state(self):
        sensors = [(s.name, s.highest, s.clock, s.idle) for s in self.sensors.values()]
        return sensors, self.watermark, self.closed_to, self.accepted, self.late

    def restore(self, state):
        sensors, self.watermark, self.closed_to, self.accepted, self.late = state
        for name, highest, clock, idle in sensors:
            sensor = self._sensor(name)
            sensor.highest, sensor.clock = highest, clock
            if not idle:
                self._wake(sensor)
