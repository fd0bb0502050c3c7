"""From a decimal number to the nearest double, exactly.

Two ways, tried in this order. A significand below 2**53 and a power of ten up to 22 are both exact doubles, so that one
multiplication or division, which rounds once, is right (Clinger, How to Read Floating Point Numbers Accurately, PLDI 1990).
Otherwise the significand is multiplied with 128 bits of the power of five, and rounded from the product's top bits (Lemire,
Number Parsing at a Gigabyte per Second, Software: Practice and Experience 51, 2021). What that cannot decide, and what is
subnormal or too large, is left to the caller, who has Python's own ``float``.
"""

# mypy: disable-error-code="assignment,arg-type,return-value,no-any-return"
# (compiled, all integers are one type; numpy's and Python's are told apart only by the stubs)

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from climb.systems.processor.engine.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LARGEST", "SMALLEST", "UNDECIDED", "bits_of_decimal", "powers_of_five"]

SMALLEST, LARGEST = -342, 308  # powers of ten with which a significand of 64 bits can still be a double
UNDECIDED = np.uint64(0xFFFF_FFFF_FFFF_FFFF)  # the bits of no number

_LOW = np.uint64(0xFFFF_FFFF)
_HALF = np.uint64(32)
_ONE = np.uint64(1)
_NOT_SURE = np.uint64(0x1FF)  # the product's bits below those that are kept: all set, a carry could still come
_ALL = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
_HIDDEN = np.uint64(1 << 52)
_TWICE_HIDDEN = np.uint64(1 << 53)


@cache
def powers_of_five() -> NDArray[np.uint64]:
    """Return the top 128 bits of each power of five, in two words; of a reciprocal they are rounded up."""
    rows = [_top_bits(power) for power in range(SMALLEST, LARGEST + 1)]
    return np.array([[row >> 64, row & (1 << 64) - 1] for row in rows], np.uint64)


def _top_bits(power: int) -> int:
    if power >= 0:
        value = 5**power
        return value >> value.bit_length() - 128 if value.bit_length() > 128 else value << 128 - value.bit_length()
    divisor = 5**-power
    bits = divisor.bit_length()
    top = (1 << (bits + 127 if power >= -27 else 2 * bits + 128)) // divisor + 1
    return top >> max(0, top.bit_length() - 128)


@kernel
def _product(a: Any, b: Any) -> Any:
    """The 128 bits of a product of two words, as two words."""
    a_low, a_high = a & _LOW, a >> _HALF
    b_low, b_high = b & _LOW, b >> _HALF
    low = a_low * b_low
    middle = a_high * b_low + (low >> _HALF)
    other = a_low * b_high + (middle & _LOW)
    return a_high * b_high + (middle >> _HALF) + (other >> _HALF), (other << _HALF) | (low & _LOW)


@kernel
def bits_of_decimal(significand: Any, power: int, fives: NDArray[np.uint64]) -> Any:
    """Return the bits of the double nearest to ``significand`` × 10 ** ``power``, or ``UNDECIDED``."""
    if significand == np.uint64(0):
        return np.uint64(0)
    if power < SMALLEST or power > LARGEST:
        return UNDECIDED
    shift = 0
    step = 32
    while step > 0:  # leading zeros, by halves
        if significand >> np.uint64(64 - step) == np.uint64(0):
            significand <<= np.uint64(step)
            shift += step
        step >>= 1
    high, low = _product(significand, fives[power - SMALLEST, 0])
    if high & _NOT_SURE == _NOT_SURE:
        carry, _ = _product(significand, fives[power - SMALLEST, 1])
        low += carry
        if low < carry:
            high += _ONE
    if low == _ALL and (power < -27 or power > 55):
        return UNDECIDED
    upper = high >> np.uint64(63)
    cut = upper + np.uint64(9)
    mantissa = high >> cut
    exponent = ((217706 * power) >> 16) + 63 + np.int64(upper) - shift + 1023
    if exponent <= 0:
        return UNDECIDED
    if low <= _ONE and -4 <= power <= 23 and mantissa & np.uint64(3) == _ONE and mantissa << cut == high:
        mantissa &= ~_ONE  # exactly between two doubles: the even one
    mantissa = (mantissa + (mantissa & _ONE)) >> _ONE
    if mantissa >= _TWICE_HIDDEN:
        mantissa = _HIDDEN
        exponent += 1
    if exponent >= 2047:
        return UNDECIDED
    return (mantissa & ~_HIDDEN) | (np.uint64(exponent) << np.uint64(52))
