"""Reed-Solomon codewords of QR codes: numbers modulo x^8 + x^4 + x^3 + x^2 + 1 (ISO/IEC 18004, 7.5.2)."""

from __future__ import annotations

import functools
from collections.abc import Sequence

__all__ = ["correction"]

_MODULUS = 0x11D


def correction(data: Sequence[int], count: int) -> bytes:
    """The codewords of error correction that belong to these of data."""
    generator = _generator(count)
    rest = [0] * count
    for one in data:
        factor = one ^ rest.pop(0)
        rest.append(0)
        rest = [each ^ _times(coefficient, factor) for each, coefficient in zip(rest, generator, strict=True)]
    return bytes(rest)


@functools.cache
def _generator(count: int) -> tuple[int, ...]:
    """The product of x - 2^i for i below ``count``, without its first coefficient."""
    product = [0] * (count - 1) + [1]
    root = 1
    for _ in range(count):
        shifted = [*product[1:], 0]
        product = [_times(each, root) ^ next_one for each, next_one in zip(product, shifted, strict=True)]
        root = _times(root, 2)
    return tuple(product)


@functools.cache
def _times(a: int, b: int) -> int:
    product = 0
    for bit in range(8):
        if b >> bit & 1:
            product ^= a << bit
    for bit in range(14, 7, -1):
        if product >> bit & 1:
            product ^= _MODULUS << bit - 8
    return product
