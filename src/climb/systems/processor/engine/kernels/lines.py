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
from climb.systems.processor.engine.kernels.decimals import UNDECIDED, bits_of_decimal

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "AT",
    "CONNECTION",
    "FULL",
    "HEAP",
    "LINES",
    "LONGEST",
    "NAMES",
    "ODD",
    "PROVISIONALS",
    "READ",
    "ROWS",
    "STATE_WORDS",
    "behind_last_line",
    "name_slots",
    "put_name",
    "read_lines",
]

AT, STOP, LINES, ROWS, ODD, NAMES, HEAP, PROVISIONALS, CONNECTION = range(9)  # the words of the state
STATE_WORDS = 9
READ, FULL = range(2)  # how a call ends: all lines read, or no room for odd lines or names

LONGEST = 4096  # bytes of a line, its newline not counted
_LONGEST_NAME = 64
_MOST = (1 << 53) - 1
_PROVISIONAL = 1 << 31
_DEEPEST = 60  # levels of nesting in a field that is skipped: one bit of a word each

_SPACE, _TAB, _RETURN, _NEWLINE = 32, 9, 13, 10
_QUOTE, _BACKSLASH, _COMMA, _COLON, _MINUS, _PLUS, _DOT = 34, 92, 44, 58, 45, 43, 46
_OPEN, _CLOSE, _OPEN_LIST, _CLOSE_LIST = 123, 125, 91, 93
_0, _9, _e, _E = 48, 57, 101, 69

_NAME_BYTE = np.zeros(256, np.uint8)
_NAME_BYTE[[ord(c) for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-"]] = 1
_PLAIN = np.zeros(256, np.uint8)  # bytes of a text that stand for themselves
_PLAIN[32:128] = 1
_PLAIN[[_QUOTE, _BACKSLASH]] = 0
_TENS = np.array([10.0**power for power in range(23)])  # all that are exact doubles

_HASH_START = -3750763034362895579  # FNV-1a (Fowler, Noll, Vo; RFC 9923), in 64 bits
_HASH_PRIME = 1099511628211


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
        while buffer[p] == _SPACE or buffer[p] == _TAB or buffer[p] == _RETURN:
            p += 1
        good = False
        if buffer[p] == _NEWLINE and p - at <= LONGEST:
            at = p + 1
            lines += 1
            continue
        seen = 0
        name_at = name_length = name_hash = seq = ts = 0
        if buffer[p] == _OPEN:
            p += 1
            while True:
                while buffer[p] == _SPACE or buffer[p] == _TAB or buffer[p] == _RETURN:
                    p += 1
                if buffer[p] != _QUOTE:
                    break
                p += 1
                key = p
                while _PLAIN[buffer[p]]:
                    p += 1
                if buffer[p] != _QUOTE:
                    break
                length = p - key
                p += 1
                while buffer[p] == _SPACE or buffer[p] == _TAB or buffer[p] == _RETURN:
                    p += 1
                if buffer[p] != _COLON:
                    break
                p += 1
                while buffer[p] == _SPACE or buffer[p] == _TAB or buffer[p] == _RETURN:
                    p += 1
                field = _field(buffer, key, length)
                if seen & field:
                    break
                seen |= field
                if field == 1:
                    if buffer[p] != _QUOTE:
                        break
                    p += 1
                    name_at = p
                    name_hash = _HASH_START
                    while _NAME_BYTE[buffer[p]]:
                        name_hash = (name_hash ^ np.int64(buffer[p])) * _HASH_PRIME
                        p += 1
                    name_length = p - name_at
                    if buffer[p] != _QUOTE or name_length == 0 or name_length > _LONGEST_NAME:
                        break
                    p += 1
                elif field in (2, 4):
                    first = p
                    whole = np.int64(0)
                    while _0 <= buffer[p] <= _9:
                        whole = whole * 10 + (np.int64(buffer[p]) - _0)
                        p += 1
                    digits = p - first
                    if digits == 0 or digits > 16 or whole > _MOST or (digits > 1 and buffer[first] == _0):
                        break
                    if field == 2:
                        if whole == 0:
                            break
                        seq = whole
                    else:
                        ts = whole
                elif field == 8:
                    p = _value(buffer, p, values, rows, fives, bits)
                    if p < 0:
                        break
                else:
                    p = _skipped(buffer, p)
                    if p < 0:
                        break
                while buffer[p] == _SPACE or buffer[p] == _TAB or buffer[p] == _RETURN:
                    p += 1
                if buffer[p] == _COMMA:
                    p += 1
                    continue
                if buffer[p] != _CLOSE:
                    break
                p += 1
                while buffer[p] == _SPACE or buffer[p] == _TAB or buffer[p] == _RETURN:
                    p += 1
                good = seen == 15 and buffer[p] == _NEWLINE and p - at <= LONGEST
                break
        lines += 1
        if good:
            slot = _slot_of(buffer, name_at, name_length, name_hash, slots, entries, heap)
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
        while buffer[p] != _NEWLINE:
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
def _value(
    buffer: NDArray[np.uint8],
    p: int,
    values: NDArray[np.float64],
    row: int,
    fives: NDArray[np.uint64],
    words: NDArray[np.uint64],
) -> int:
    """Put a number into its row and return the place behind it, or -1."""
    negative = buffer[p] == _MINUS
    if negative:
        p += 1
    first = p
    significand = np.uint64(0)
    digits = 0
    while _0 <= buffer[p] <= _9:
        significand = significand * np.uint64(10) + np.uint64(buffer[p] - _0)
        p += 1
    digits = p - first
    if digits == 0 or (digits > 1 and buffer[first] == _0):
        return -1
    if digits == 1 and buffer[first] == _0:
        digits = 0  # zeros in front need no room in a word
    power = 0
    if buffer[p] == _DOT:
        p += 1
        first = p
        while _0 <= buffer[p] <= _9:
            significand = significand * np.uint64(10) + np.uint64(buffer[p] - _0)
            p += 1
            digits += digits > 0 or significand != np.uint64(0)
        power = first - p
        if power == 0:
            return -1
    if digits > 19:  # more than a word holds for sure
        return -1
    if buffer[p] == _e or buffer[p] == _E:
        p += 1
        down = buffer[p] == _MINUS
        if down or buffer[p] == _PLUS:
            p += 1
        first = p
        exponent = 0
        while _0 <= buffer[p] <= _9:
            if exponent < 10_000:
                exponent = exponent * 10 + (np.int64(buffer[p]) - _0)
            p += 1
        if p == first:
            return -1
        power += -exponent if down else exponent
    if significand < np.uint64(1 << 53) and -22 <= power <= 22:
        double = np.float64(significand)
        double = double * _TENS[power] if power >= 0 else double / _TENS[-power]
        values[row, 3] = -double if negative else double
        return p
    bits = bits_of_decimal(significand, power, fives)
    if bits == UNDECIDED:
        return -1
    words[row * 4 + 3] = bits | (np.uint64(negative) << np.uint64(63))
    return p


@kernel
def _skipped(buffer: NDArray[np.uint8], p: int) -> int:
    """Return the place behind any value, or -1 if that takes a closer look."""
    depth = 0
    stack = 0  # a bit for each open level, the innermost last: 1 for an object
    while True:
        while buffer[p] == _SPACE or buffer[p] == _TAB or buffer[p] == _RETURN:
            p += 1
        c = buffer[p]
        if c == _QUOTE:
            p = _text(buffer, p)
        elif c in (_OPEN, _OPEN_LIST):
            p += 1
            while buffer[p] == _SPACE or buffer[p] == _TAB or buffer[p] == _RETURN:
                p += 1
            if buffer[p] == c + 2:  # } is two behind {, and ] behind [
                p += 1
            else:
                if depth == _DEEPEST:
                    return -1
                depth += 1
                stack = stack << 1 | (c == _OPEN)
                if c == _OPEN:
                    p = _key(buffer, p)
                    if p < 0:
                        return -1
                continue
        elif c == _MINUS or _0 <= c <= _9:
            p = _number(buffer, p)
        else:
            p = _word(buffer, p)
        if p < 0:
            return -1
        while depth > 0:  # what follows a value inside of something
            while buffer[p] == _SPACE or buffer[p] == _TAB or buffer[p] == _RETURN:
                p += 1
            if buffer[p] == _COMMA:
                p += 1
                if stack & 1:
                    p = _key(buffer, p)
                    if p < 0:
                        return -1
                break
            if buffer[p] != (_CLOSE if stack & 1 else _CLOSE_LIST):
                return -1
            p += 1
            depth -= 1
            stack >>= 1
        if depth == 0:
            return p


@kernel
def _text(buffer: NDArray[np.uint8], p: int) -> int:
    p += 1
    while _PLAIN[buffer[p]]:
        p += 1
    return p + 1 if buffer[p] == _QUOTE else -1


@kernel
def _key(buffer: NDArray[np.uint8], p: int) -> int:
    while buffer[p] == _SPACE or buffer[p] == _TAB or buffer[p] == _RETURN:
        p += 1
    if buffer[p] != _QUOTE:
        return -1
    p = _text(buffer, p)
    if p < 0:
        return -1
    while buffer[p] == _SPACE or buffer[p] == _TAB or buffer[p] == _RETURN:
        p += 1
    return p + 1 if buffer[p] == _COLON else -1


@kernel
def _number(buffer: NDArray[np.uint8], p: int) -> int:
    if buffer[p] == _MINUS:
        p += 1
    first = p
    while _0 <= buffer[p] <= _9:
        p += 1
    if p == first or (p - first > 1 and buffer[first] == _0):
        return -1
    if buffer[p] == _DOT:
        p += 1
        first = p
        while _0 <= buffer[p] <= _9:
            p += 1
        if p == first:
            return -1
    if buffer[p] == _e or buffer[p] == _E:
        p += 1
        if buffer[p] == _MINUS or buffer[p] == _PLUS:
            p += 1
        first = p
        while _0 <= buffer[p] <= _9:
            p += 1
        if p == first:
            return -1
    return p


@kernel
def _word(buffer: NDArray[np.uint8], p: int) -> int:
    """Behind true, false or null; a line has a newline at its end, so no letter is looked for beyond it."""
    c = buffer[p]
    if c == 116:
        if buffer[p + 1] == 114 and buffer[p + 2] == 117 and buffer[p + 3] == 101:
            return p + 4
    elif c == 102:
        if buffer[p + 1] == 97 and buffer[p + 2] == 108 and buffer[p + 3] == 115 and buffer[p + 4] == 101:
            return p + 5
    elif c == 110 and buffer[p + 1] == 117 and buffer[p + 2] == 108 and buffer[p + 3] == 108:
        return p + 4
    return -1


# --- names ----------------------------------------------------------------------------------------------------------


@kernel
def _slot_of(
    buffer: NDArray[np.uint8],
    at: int,
    length: int,
    name_hash: int,
    slots: NDArray[np.int32],
    entries: NDArray[np.int64],
    heap: NDArray[np.uint8],
) -> int:
    """Return where a name is in the table, or the free place where it belongs; collisions go to the next place."""
    mask = len(slots) - 1
    slot = (name_hash ^ (name_hash >> 32)) & mask
    while slots[slot] >= 0:
        entry = slots[slot]
        if entries[entry, 0] == name_hash and entries[entry, 1] & 255 == length:
            start = entries[entry, 1] >> 8
            same = 0
            while same < length and heap[start + same] == buffer[at + same]:
                same += 1
            if same == length:
                return slot
        slot = (slot + 1) & mask
    return slot


@kernel
def put_name(
    buffer: NDArray[np.uint8],
    at: int,
    length: int,
    number: int,
    slots: NDArray[np.int32],
    entries: NDArray[np.int64],
    heap: NDArray[np.uint8],
    state: NDArray[np.int64],
) -> int:
    """Give a name its id and return the one that it had, or -1; there must be room."""
    name_hash = np.int64(_HASH_START)
    for place in range(at, at + length):
        name_hash = (name_hash ^ np.int64(buffer[place])) * _HASH_PRIME
    slot = _slot_of(buffer, at, length, name_hash, slots, entries, heap)
    entry = np.int64(slots[slot])
    before = np.int64(-1)
    if entry >= 0:
        before = entries[entry, 2]
    else:
        entry = state[NAMES]
        slots[slot] = entry
        for place in range(length):
            heap[state[HEAP] + place] = buffer[at + place]
        entries[entry, 0] = name_hash
        entries[entry, 1] = state[HEAP] << 8 | length
        state[NAMES] += 1
        state[HEAP] += length
    if number >= 0:
        entries[entry, 2] = number
    return before


@kernel
def name_slots(slots: NDArray[np.int32], entries: NDArray[np.int64], names: int) -> None:
    """Fill a table that is empty with all names."""
    mask = len(slots) - 1
    for entry in range(names):
        slot = (entries[entry, 0] ^ (entries[entry, 0] >> 32)) & mask
        while slots[slot] >= 0:
            slot = (slot + 1) & mask
        slots[slot] = entry


@kernel
def behind_last_line(buffer: NDArray[np.uint8], begin: int, stop: int) -> int:
    """Return the place behind the last newline, or where it began."""
    while stop > begin and buffer[stop - 1] != _NEWLINE:
        stop -= 1
    return stop
