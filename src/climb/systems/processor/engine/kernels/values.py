"""Values of JSON: a number into its row, and where any other value ends.

What takes a closer look (more digits than a word holds, an escape, a mistake) is left to the caller, by -1.
"""

# mypy: disable-error-code="assignment,arg-type,return-value,no-any-return"
# (compiled, all integers are one type; numpy's and Python's are told apart only by the stubs)

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from climb.systems.processor.engine.compiled import kernel
from climb.systems.processor.engine.kernels.decimals import UNDECIDED, bits_of_decimal
from climb.systems.processor.engine.kernels.letters import (
    CLOSE,
    CLOSE_LIST,
    COLON,
    COMMA,
    DOT,
    LARGE_E,
    MINUS,
    NINE,
    OPEN,
    OPEN_LIST,
    PLAIN,
    PLUS,
    QUOTE,
    RETURN,
    SMALL_E,
    SPACE,
    TAB,
    ZERO,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["behind_value", "put_value"]

_DEEPEST = 60  # levels of nesting in a field that is skipped: one bit of a word each
_TENS = np.array([10.0**power for power in range(23)])  # all that are exact doubles


@kernel
def put_value(
    buffer: NDArray[np.uint8],
    p: int,
    values: NDArray[np.float64],
    row: int,
    fives: NDArray[np.uint64],
    words: NDArray[np.uint64],
) -> int:
    """Put a number into its row and return the place behind it, or -1."""
    negative = buffer[p] == MINUS
    if negative:
        p += 1
    first = p
    significand = np.uint64(0)
    digits = 0
    while ZERO <= buffer[p] <= NINE:
        significand = significand * np.uint64(10) + np.uint64(buffer[p] - ZERO)
        p += 1
    digits = p - first
    if digits == 0 or (digits > 1 and buffer[first] == ZERO):
        return -1
    if digits == 1 and buffer[first] == ZERO:
        digits = 0  # zeros in front need no room in a word
    power = 0
    if buffer[p] == DOT:
        p += 1
        first = p
        while ZERO <= buffer[p] <= NINE:
            significand = significand * np.uint64(10) + np.uint64(buffer[p] - ZERO)
            p += 1
            digits += digits > 0 or significand != np.uint64(0)
        power = first - p
        if power == 0:
            return -1
    if digits > 19:  # more than a word holds for sure
        return -1
    if buffer[p] == SMALL_E or buffer[p] == LARGE_E:
        p += 1
        down = buffer[p] == MINUS
        if down or buffer[p] == PLUS:
            p += 1
        first = p
        exponent = 0
        while ZERO <= buffer[p] <= NINE:
            if exponent < 10_000:
                exponent = exponent * 10 + (np.int64(buffer[p]) - ZERO)
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
def behind_value(buffer: NDArray[np.uint8], p: int) -> int:
    """Return the place behind any value, or -1 if that takes a closer look."""
    depth = 0
    stack = 0  # a bit for each open level, the innermost last: 1 for an object
    while True:
        while buffer[p] == SPACE or buffer[p] == TAB or buffer[p] == RETURN:
            p += 1
        c = buffer[p]
        if c == QUOTE:
            p = _behind_text(buffer, p)
        elif c in (OPEN, OPEN_LIST):
            p += 1
            while buffer[p] == SPACE or buffer[p] == TAB or buffer[p] == RETURN:
                p += 1
            if buffer[p] == c + 2:  # } is two behind {, and ] behind [
                p += 1
            else:
                if depth == _DEEPEST:
                    return -1
                depth += 1
                stack = stack << 1 | (c == OPEN)
                if c == OPEN:
                    p = _behind_key(buffer, p)
                    if p < 0:
                        return -1
                continue
        elif c == MINUS or ZERO <= c <= NINE:
            p = _behind_number(buffer, p)
        else:
            p = _behind_word(buffer, p)
        if p < 0:
            return -1
        while depth > 0:  # what follows a value inside of something
            while buffer[p] == SPACE or buffer[p] == TAB or buffer[p] == RETURN:
                p += 1
            if buffer[p] == COMMA:
                p += 1
                if stack & 1:
                    p = _behind_key(buffer, p)
                    if p < 0:
                        return -1
                break
            if buffer[p] != (CLOSE if stack & 1 else CLOSE_LIST):
                return -1
            p += 1
            depth -= 1
            stack >>= 1
        if depth == 0:
            return p


@kernel
def _behind_text(buffer: NDArray[np.uint8], p: int) -> int:
    p += 1
    while PLAIN[buffer[p]]:
        p += 1
    return p + 1 if buffer[p] == QUOTE else -1


@kernel
def _behind_key(buffer: NDArray[np.uint8], p: int) -> int:
    while buffer[p] == SPACE or buffer[p] == TAB or buffer[p] == RETURN:
        p += 1
    if buffer[p] != QUOTE:
        return -1
    p = _behind_text(buffer, p)
    if p < 0:
        return -1
    while buffer[p] == SPACE or buffer[p] == TAB or buffer[p] == RETURN:
        p += 1
    return p + 1 if buffer[p] == COLON else -1


@kernel
def _behind_number(buffer: NDArray[np.uint8], p: int) -> int:
    if buffer[p] == MINUS:
        p += 1
    first = p
    while ZERO <= buffer[p] <= NINE:
        p += 1
    if p == first or (p - first > 1 and buffer[first] == ZERO):
        return -1
    if buffer[p] == DOT:
        p += 1
        first = p
        while ZERO <= buffer[p] <= NINE:
            p += 1
        if p == first:
            return -1
    if buffer[p] == SMALL_E or buffer[p] == LARGE_E:
        p += 1
        if buffer[p] == MINUS or buffer[p] == PLUS:
            p += 1
        first = p
        while ZERO <= buffer[p] <= NINE:
            p += 1
        if p == first:
            return -1
    return p


@kernel
def _behind_word(buffer: NDArray[np.uint8], p: int) -> int:
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
