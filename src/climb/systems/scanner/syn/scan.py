"""The scan itself: send while there is room, read what came back, ask the silent ones again, give up.

Each round sends one probe to every place that has not answered; the first round is everything. Between two batches the
inbox is read, so answers never wait long and the window knows how many probes are on their way. A round ends when all
its ports have answered or when the last probe has been out for as long as answers take (``pacing.Patience``).
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right

from climb.systems.scanner.syn.board import OPEN, UNKNOWN
from climb.systems.scanner.syn.pacing import Bucket, Patience, Window
from climb.systems.scanner.syn.replies import Reader, parse
from climb.systems.scanner.syn.ring import SLOTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from climb.systems.scanner.syn.board import Board
    from climb.systems.scanner.syn.inbox import Inbox
    from climb.systems.scanner.syn.sender import Crew, Span
    from climb.systems.scanner.syn.targets import Targets

__all__ = ["Pace", "Scan"]

GLANCE_S = 0.1  # the longest that the scan waits without looking whether it was told to stop


class Pace:
    """What a whole scan knows about speed; kept from one board to the next."""

    def __init__(self, timeout_s: float, rate: float | None, retries: int, now: float) -> None:
        """Start without knowledge of the network."""
        self.bucket = None if rate is None else Bucket(rate, now)
        self.patience = Patience(timeout_s)
        self.window = Window(SLOTS // 2, now)
        self.retries = retries


class Round:
    """One probe for each of some places, and when each left."""

    def __init__(self, places: Sequence[int]) -> None:
        """``places`` ascends."""
        self.places = places
        self.sent = 0
        self._spans: list[Span] = []

    def record(self, spans: list[Span]) -> None:
        """Take note of batches that have left."""
        self._spans += spans
        self.sent += sum(span[1] for span in spans)

    def left_at(self, place: int) -> float | None:
        """Return when the probe of this place left, if it did in this round.

        A batch leaves in one call, so the moment is interpolated between the call's beginning and end.
        """
        position = bisect_left(self.places, place)
        if position >= self.sent or self.places[position] != place:
            return None
        first, count, began, ended = self._spans[bisect_right(self._spans, position, key=lambda span: span[0]) - 1]
        return began + (ended - began) * (position - first) / count


class Scan:
    """Fills one board."""

    def __init__(self, board: Board, targets: Targets, inbox: Inbox, crew: Crew, pace: Pace) -> None:
        """Join the parts; nothing is sent before ``run``."""
        self._board, self._inbox, self._crew, self._pace = board, inbox, crew, pace
        self._reader = Reader(board, targets.packed)
        self._rounds: list[Round] = []
        self.stopped = False

    def run(self, stop: Callable[[], bool]) -> Iterator[list[int]]:
        """Scan; after each look at the inbox yield the places newly found open (often none).

        Places without an answer are ``FILTERED`` in the end, or stay ``UNKNOWN`` if ``stop`` said so.
        """
        for attempt in range(1 + self._pace.retries):
            silent = range(len(self._board.codes)) if attempt == 0 else list(self._board.places(UNKNOWN))
            if not silent:
                break
            yield from self._round(Round(silent), attempt, stop)
            if self.stopped:
                return
        self._board.give_up()

    def _round(self, current: Round, attempt: int, stop: Callable[[], bool]) -> Iterator[list[int]]:
        self._rounds.append(current)
        while current.sent < len(current.places):
            allowed, delay_s = self._allowed(len(current.places) - current.sent)
            if allowed:
                batch = current.places[current.sent : current.sent + allowed]
                current.record(self._crew.send(batch, current.sent))
                self._pace.window.count(sent=allowed, answered=0)
            else:
                self._inbox.wait(min(delay_s, GLANCE_S))
            yield self._read(learn=attempt == 0)
            if self._told(stop):
                return
        yield from self._await(attempt, stop)
        if attempt:
            answered = sum(1 for place in current.places if self._board.codes[place])
            self._pace.window.retried(len(current.places), answered)

    def _await(self, attempt: int, stop: Callable[[], bool]) -> Iterator[list[int]]:
        """Wait for the answers to the last probes of a round."""
        began = time.monotonic()
        while self._board.codes.find(UNKNOWN) >= 0:
            left_s = began + self._pace.patience.wait_s(attempt) - time.monotonic()
            if left_s <= 0 or self._told(stop):
                return
            self._inbox.wait(min(left_s, GLANCE_S))
            yield self._read(learn=attempt == 0)

    def _told(self, stop: Callable[[], bool]) -> bool:
        self.stopped = self.stopped or stop()
        return self.stopped

    def _allowed(self, wanted: int) -> tuple[int, float]:
        """Return how many probes may leave now and, if none, after how many seconds to ask again."""
        now, pace = time.monotonic(), self._pace
        epoch_left_s = pace.window.tick(now, pace.patience.wait_s(0))
        room = min(wanted, pace.window.room())
        if not room or pace.bucket is None:
            return room, epoch_left_s
        return pace.bucket.take(room, now), pace.bucket.delay()

    def _read(self, *, learn: bool) -> list[int]:
        """Enter all answers that are there; return the new open places."""
        found = []
        inbox = self._inbox
        while count := inbox.ready():
            for place, number in self._reader.read(inbox, count):
                if self._board.codes[place] == OPEN:
                    found.append(place)
                    self._board.rtts_ms[place] = self._rtt_s(place, number) * 1000
            if learn:
                self._learn(count - 1)
            self._pace.window.count(sent=0, answered=count)
            inbox.release(count)
        return found

    def _learn(self, number: int) -> None:
        place = self._reader.place(*parse(self._inbox.packet(number))[:2])
        if place is not None:
            self._pace.patience.learn(self._rtt_s(place, number))

    def _rtt_s(self, place: int, number: int) -> float:
        """Return the time from the latest probe of a place to this packet; a microsecond at least."""
        for current in reversed(self._rounds):
            left_at = current.left_at(place)
            if left_at is not None:
                return max(1e-6, self._inbox.received_at(number) - left_at)
        return 1e-6
