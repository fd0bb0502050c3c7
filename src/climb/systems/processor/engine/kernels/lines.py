"""Lines into readings: one pass over the bytes, that decides what it is sure of and leaves the rest.

It knows only what good lines look like. Whatever else it meets (an escape, a byte that is not ASCII, a field twice, a
mistake) makes the line an odd one, about which ``slow_lines.py`` decides and for which a place among the readings is kept,
since the order of a sensor's readings counts. The caller gives it whole lines only, so that the newline at the end
stops every loop and no loop has to look for the end of the buffer.

Nothing is read beyond a newline and nothing is remembered of a line that is not good: a name is new when its line is good.
"""

# mypy: disable-error-code="assignment,arg-type,return-value,no-any-return"
# (compiled, all integers are one type; numpy's and Python's are told apart only by the stubs)

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from climb.systems.processor.engine.compiled import kernel
from climb.systems.processor.engine.kernels.letters import (
    CLOSE,
    COLON,
    COMMA,
    NEWLINE,
    NINE,
    OPEN,
    PLAIN,
    QUOTE,
    RETURN,
    SPACE,
    TAB,
    ZERO,
)
from climb.systems.processor.engine.kernels.names import HASH_PRIME, HASH_START, slot_of
from climb.systems.processor.engine.kernels.progress import (
    AT,
    CONNECTION,
    HEAP,
    LINES,
    NAMES,
    ODD,
    PROVISIONALS,
    ROWS,
    STOP,
)
from climb.systems.processor.engine.kernels.values import behind_value, put_value

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FULL", "LONGEST", "READ", "behind_last_line", "read_lines"]

READ, FULL = range(2)  # how a call ends: all lines read, or no room for odd lines or names

LONGEST = 4096  # bytes of a line, its newline not counted
_LONGEST_NAME = 64
_MOST = (1 << 53) - 1
_PROVISIONAL = 1 << 31

_NAME_BYTE = np.zeros(256, np.uint8)
_NAME_BYTE[[ord(c) for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-"]] = 1


@kernel
def read_lines(
    buffer: NDArray[np.uint8],
    out: NDArray[np.int64],
    values: NDArray[np.float64],
    odd: NDArray[np.int64],
    slots: NDArray[np.int32],
    entries: NDArray[np.int64],
    heap: NDArray[np.uint8],
    fives: NDArray[np.uint64],
    bits: NDArray[np.uint64],
    state: NDArray[np.int64],
) -> int:
    """Read the lines from AT to STOP into rows, from ROWS on; an odd line leaves its row, place, length and number.

    ``values`` and ``bits`` are the same memory as ``out``: rows of floats, and a row of words without sign.
    """
    at, stop, lines, rows, odds = state[AT], state[STOP], state[LINES], state[ROWS], state[ODD]
    names, used, connection = state[NAMES], state[HEAP], state[CONNECTION]
    most_odd = len(odd)
    outcome = READ
    while at < stop:
        if odds == most_odd or names == len(entries) or used + _LONGEST_NAME > len(heap):
            outcome = FULL
            break
        p = at
        while buffer[p] == SPACE or buffer[p] == TAB or buffer[p] == RETURN:
            p += 1
        good = False
        if buffer[p] == NEWLINE and p - at <= LONGEST:
            at = p + 1
            lines += 1
            continue
        seen = 0
        name_at = name_length = name_hash = seq = ts = 0
        if buffer[p] == OPEN:
            p += 1
            while True:
                while buffer[p] == SPACE or buffer[p] == TAB or buffer[p] == RETURN:
                    p += 1
                if buffer[p] != QUOTE:
                    break
                p += 1
                key = p
                while PLAIN[buffer[p]]:
                    p += 1
                if buffer[p] != QUOTE:
                    break
                length = p - key
                p += 1
                while buffer[p] == SPACE or buffer[p] == TAB or buffer[p] == RETURN:
                    p += 1
                if buffer[p] != COLON:
                    break
                p += 1
                while buffer[p] == SPACE or buffer[p] == TAB or buffer[p] == RETURN:
                    p += 1
                field = _field(buffer, key, length)
                if seen & field:
                    break
                seen |= field
                if field == 1:
                    if buffer[p] != QUOTE:
                        break
                    p += 1
                    name_at = p
                    name_hash = HASH_START
                    while _NAME_BYTE[buffer[p]]:
                        name_hash = (name_hash ^ np.int64(buffer[p])) * HASH_PRIME
                        p += 1
                    name_length = p - name_at
                    if buffer[p] != QUOTE or name_length == 0 or name_length > _LONGEST_NAME:
                        break
                    p += 1
                elif field in (2, 4):
                    first = p
                    whole = np.int64(0)
                    while ZERO <= buffer[p] <= NINE:
                        whole = whole * 10 + (np.int64(buffer[p]) - ZERO)
                        p += 1
                    digits = p - first
                    if digits == 0 or digits > 16 or whole > _MOST or (digits > 1 and buffer[first] == ZERO):
                        break
                    if field == 2:
                        if whole == 0:
                            break
                        seq = whole
                    else:
                        ts = whole
                elif field == 8:
                    p = put_value(buffer, p, values, rows, fives, bits)
                    if p < 0:
                        break
                else:
                    p = behind_value(buffer, p)
                    if p < 0:
                        break
                while buffer[p] == SPACE or buffer[p] == TAB or buffer[p] == RETURN:
                    p += 1
                if buffer[p] == COMMA:
                    p += 1
                    continue
                if buffer[p] != CLOSE:
                    break
                p += 1
                while buffer[p] == SPACE or buffer[p] == TAB or buffer[p] == RETURN:
                    p += 1
                good = seen == 15 and buffer[p] == NEWLINE and p - at <= LONGEST
                break
        lines += 1
        if good:
            slot = slot_of(buffer, name_at, name_length, name_hash, slots, entries, heap)
            entry = np.int64(slots[slot])
            if entry < 0:
                entry = names
                slots[slot] = entry
                for place in range(name_length):
                    heap[used + place] = buffer[name_at + place]
                entries[entry, 0] = name_hash
                entries[entry, 1] = used << 8 | name_length
                entries[entry, 2] = _PROVISIONAL | state[PROVISIONALS]
                state[PROVISIONALS] += 1
                used += name_length
                names += 1
                if names * 2 > len(slots):
                    outcome = FULL  # before the next line; this one is in
            out[rows, 0] = entries[entry, 2] | connection << 32
            out[rows, 1] = seq
            out[rows, 2] = ts
            rows += 1
            at = p + 1
            if outcome == FULL:
                break
            continue
        p = max(p, at)
        while buffer[p] != NEWLINE:
            p += 1
        odd[odds, 0] = rows
        odd[odds, 1] = at
        odd[odds, 2] = p - at
        odd[odds, 3] = lines
        odds += 1
        rows += 1
        at = p + 1
    state[AT], state[LINES], state[ROWS], state[ODD] = at, lines, rows, odds
    state[NAMES], state[HEAP] = names, used
    return outcome


@kernel
def _field(buffer: NDArray[np.uint8], key: int, length: int) -> int:
    """Which field a key names, as a bit; 0 for one that is not ours."""
    if length == 6:
        if (
            buffer[key] == 115
            and buffer[key + 1] == 101
            and buffer[key + 2] == 110
            and buffer[key + 3] == 115
            and buffer[key + 4] == 111
            and buffer[key + 5] == 114
        ):
            return 1
    elif length == 3:
        if buffer[key] == 115 and buffer[key + 1] == 101 and buffer[key + 2] == 113:
            return 2
    elif length == 2:
        if buffer[key] == 116 and buffer[key + 1] == 115:
            return 4
    elif length == 5 and (
        buffer[key] == 118
        and buffer[key + 1] == 97
        and buffer[key + 2] == 108
        and buffer[key + 3] == 117
        and buffer[key + 4] == 101
    ):
        return 8
    return 0


@kernel
def behind_last_line(buffer: NDArray[np.uint8], begin: int, stop: int) -> int:
    """Return the place behind the last newline, or where it began."""
    while stop > begin and buffer[stop - 1] != NEWLINE:
        stop -= 1
    return stop
