"""From bytes of a connection to columns: complete lines now, the beginning of the next one when its end has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from climb.systems.processor.engine.columns import PROVISIONAL, READING, Records, floats_of, words_of
from climb.systems.processor.engine.kernels import progress as words
from climb.systems.processor.engine.kernels.decimals import powers_of_five
from climb.systems.processor.engine.kernels.lines import FULL, behind_last_line, read_lines
from climb.systems.processor.engine.kernels.names import name_slots, put_name
from climb.systems.processor.engine.slow_lines import LONGEST_LINE, Line, read_line

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Feed", "Parsed", "Parser", "Reject"]

_NEWLINE = b"\n"
_SHORTEST = 39  # bytes of a good line with its newline
_ODD = 250  # odd lines after which the others get their turn: each takes some microseconds, and an answer if rejected


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that is not taken, and why."""

    line: int
    reason: str


@dataclass(slots=True)
class Feed:
    """What has come over one connection and is not read yet, and how many lines were."""

    connection: int = 0
    lines: int = 0
    rest: bytes = b""
    skipping: bool = False  # in a line that is too long already

    def front(self, buffer: NDArray[np.uint8]) -> int:
        """Put what is left over at the front of a buffer, and return its length."""
        length = len(self.rest)
        if length:
            buffer[:length] = np.frombuffer(self.rest, np.uint8)
        return length


@dataclass(slots=True)
class Parsed:
    """What lines said; the readings are good until the next call."""

    readings: Records
    rejects: list[Reject] = field(default_factory=list)
    new_names: list[bytes] = field(default_factory=list)
    provisional: bool = False
    more: bool = False


class Parser:
    """Reads lines, and knows the ids of names."""

    def __init__(self, capacity: int = 1 << 20) -> None:
        self._out = np.zeros(capacity // _SHORTEST + _ODD + 2, READING)
        self._words, self._floats = words_of(self._out), floats_of(self._out)
        self._bits = self._out.view(np.uint64)
        self._odd = np.zeros((_ODD, 4), np.int64)
        self._slots = np.full(1 << 11, -1, np.int32)
        self._entries = np.zeros((1 << 10, 3), np.int64)
        self._heap = np.zeros(1 << 14, np.uint8)
        self._fives = powers_of_five()
        self._state = np.zeros(words.STATE_WORDS, np.int64)
        self._asked: list[bytes] = []  # names by provisional id
        self._given = np.zeros(0, np.int64)  # their ids, or -1 as long as there is none

    # --- lines -------------------------------------------------------------------------------------------------------

    def parse(self, buffer: NDArray[np.uint8], length: int, feed: Feed) -> Parsed:
        """Read all whole lines among the first bytes of a buffer; what is behind them is left in the feed."""
        if not buffer.flags.writeable:  # for numba that is another type, for which it would compile all again
            buffer = buffer.copy()
        parsed = Parsed(self._out[:0])
        asked = len(self._asked)
        begin = self._behind_long_line(buffer, length, feed, parsed) if feed.skipping else 0
        stop = behind_last_line(buffer, begin, length)
        state = self._state
        state[words.AT], state[words.STOP], state[words.LINES] = begin, stop, feed.lines
        state[words.ROWS] = state[words.ODD] = 0
        state[words.CONNECTION] = feed.connection
        while self._read(buffer) == FULL and state[words.ODD] < _ODD:
            self._make_room()
        feed.lines = int(state[words.LINES])
        parsed.readings = self._out[: self._decide(buffer, parsed)]
        parsed.more = bool(state[words.AT] < stop)
        self._leave(buffer, int(state[words.AT]), length, feed, parsed)
        parsed.new_names = self._asked[asked:]
        return parsed

    def _read(self, buffer: NDArray[np.uint8]) -> int:
        """Let the compiled reader go on, and note the names that it had not met before."""
        state = self._state
        names, asked = int(state[words.NAMES]), len(self._asked)
        outcome = read_lines(
            buffer, self._words, self._floats, self._odd, self._slots, self._entries, self._heap, self._fives, self._bits,
            state,
        )  # fmt: skip
        for entry in range(names, int(state[words.NAMES])):
            self._asked.append(self._name(entry))
        if len(self._asked) > asked:
            self._given = np.concatenate([self._given, np.full(len(self._asked) - asked, -1)])
        return outcome

    def _decide(self, buffer: NDArray[np.uint8], parsed: Parsed) -> int:
        """Look at the odd lines, fill the places kept for them, and close the gaps of those that are rejected."""
        odd, rows = int(self._state[words.ODD]), int(self._state[words.ROWS])
        gaps = []
        for row, at, length, number in self._odd[:odd].tolist():
            line = read_line(buffer[at : at + min(length, LONGEST_LINE + 1)].tobytes())
            if isinstance(line, Line):
                connection = int(self._state[words.CONNECTION])
                self._out[row] = (self._id_of(line.sensor), connection, line.seq, line.ts, line.value)
                continue
            gaps.append(row)
            if line is not None:
                parsed.rejects.append(Reject(number, line))
        if gaps:
            kept = np.delete(self._out[:rows], gaps)
            rows = len(kept)
            self._out[:rows] = kept
        # only now: the place kept for a line that is rejected still has what an earlier call wrote there
        parsed.provisional = len(self._asked) > 0 and bool((self._out["sensor"][:rows] >= PROVISIONAL).any())
        return rows

    def _behind_long_line(self, buffer: NDArray[np.uint8], length: int, feed: Feed, parsed: Parsed) -> int:
        """Skip to the end of a line whose beginning was too long already."""
        end = buffer[:length].tobytes().find(_NEWLINE)
        if end < 0:
            return length
        feed.skipping = False
        feed.lines += 1
        parsed.rejects.append(Reject(feed.lines, str(read_line(bytes(LONGEST_LINE + 1)))))
        return end + 1

    def _leave(self, buffer: NDArray[np.uint8], at: int, length: int, feed: Feed, parsed: Parsed) -> None:
        """Keep what is not read yet; of a line that is too long nothing is kept."""
        if not parsed.more and length - at > LONGEST_LINE:
            feed.skipping = True
        feed.rest = b"" if feed.skipping else buffer[at:length].tobytes()

    # --- names -------------------------------------------------------------------------------------------------------

    def learn(self, names: Sequence[bytes], ids: Sequence[int]) -> None:
        """Remember the ids that names have for everyone."""
        for name, number in zip(names, ids, strict=True):
            before = self._put(name, number)
            if before >= PROVISIONAL:
                self._given[before - PROVISIONAL] = number

    def resolve(self, readings: Records) -> None:
        """Replace the parser's own ids by those of everyone, which it must have learned."""
        sensors = readings["sensor"]
        own = sensors >= PROVISIONAL
        sensors[own] = self._given[sensors[own] - PROVISIONAL]

    def _id_of(self, name: bytes) -> int:
        """Return the id of a name, one of our own if it is new."""
        before = self._put(name, -1)
        if before >= 0:
            return before
        number = PROVISIONAL + len(self._asked)
        self._asked.append(name)
        self._given = np.append(self._given, -1)
        self._state[words.PROVISIONALS] += 1
        self._put(name, number)
        return number

    def _put(self, name: bytes, number: int) -> int:
        while self._is_full():
            self._make_room()
        return put_name(
            np.frombuffer(name, np.uint8), 0, len(name), number, self._slots, self._entries, self._heap, self._state
        )

    def _name(self, entry: int) -> bytes:
        place = int(self._entries[entry, 1])
        return self._heap[place >> 8 : (place >> 8) + (place & 255)].tobytes()

    def _is_full(self) -> bool:
        names, used = int(self._state[words.NAMES]), int(self._state[words.HEAP])
        return names == len(self._entries) or used + 64 > len(self._heap) or names * 2 > len(self._slots)

    def _make_room(self) -> None:
        names = int(self._state[words.NAMES])
        if names + 1 >= len(self._entries):
            self._entries = np.concatenate([self._entries, np.zeros_like(self._entries)])
        if int(self._state[words.HEAP]) + 64 > len(self._heap):
            self._heap = np.concatenate([self._heap, np.zeros_like(self._heap)])
        if names * 2 > len(self._slots) - 2:
            self._slots = np.full(2 * len(self._slots), -1, np.int32)
            name_slots(self._slots, self._entries, names)
