"""Four ways to find a number among many, compiled, so that they are compared rather than their languages. For the lab on lookup structures.

Each lookup begins when the one before has told its place, since where the next number is read from depends on it. Else the processor
works on several lookups at once, and what one of them takes can't be seen.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np

__all__ = ["Lookups", "Makers", "compiled", "keys_of"]

_NOWHERE = np.uint64(2**64 - 1)  # fills up nodes; no key is so large
_EMPTY = np.uint64(0)  # in a hash table; no key is so small
_LINE_WORDS = 8  # of 8 bytes in a cache line

Lookups: TypeAlias = Callable[[np.ndarray], int]
"""Looks up each of some numbers; the sum of the places is of no use, except that it has to be computed."""


class Makers(NamedTuple):
    """What makes each structure from keys in no order."""

    scanned: Callable[[np.ndarray], Lookups]
    halved: Callable[[np.ndarray], Lookups]
    tree: Callable[[np.ndarray, int], Lookups]  # the number is that of keys in a node
    hashed: Callable[[np.ndarray, float], Lookups]  # the number is the share of places taken


def keys_of(count: int) -> np.ndarray:
    """Different numbers in no order that can be seen: 1 to ``count``, stirred by a function that never gives one number twice.

    Source: Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators (2014), figure 16, mix64variant13.
    """
    keys = np.arange(1, count + 1, dtype=np.uint64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        keys = (keys ^ (keys >> np.uint64(shift))) * np.uint64(factor)
    stirred: np.ndarray = keys ^ (keys >> np.uint64(31))
    return stirred


def compiled() -> Makers:
    """Compile the lookups, which takes some seconds."""
    from numba import njit

    signed: Any = np.int64
    known = "uint64[::1], uint64[::1]"

    @njit(f"int64({known})")
    def scan(keys: np.ndarray, asked: np.ndarray) -> int:
        place = total = 0
        for number in range(len(asked)):
            key = asked[number + (place >> 62)]  # no place is so large, but that is not known before it is found
            place = 0
            while place < len(keys) and keys[place] != key:
                place += 1
            total += place
        return total

    @njit(f"int64({known})")
    def halve(keys: np.ndarray, asked: np.ndarray) -> int:
        place = total = 0
        for number in range(len(asked)):
            key = asked[number + (place >> 62)]
            place, end = 0, len(keys)
            while place < end:
                middle = (place + end) >> 1
                if keys[middle] < key:
                    place = middle + 1
                else:
                    end = middle
            total += place
        return total

    @njit(f"int64({known}, int64, int64)")
    def descend(nodes: np.ndarray, asked: np.ndarray, width: int, root: int) -> int:
        place = total = 0
        for number in range(len(asked)):
            key = asked[number + (place >> 62)]
            node = root
            while node:
                place = node
                while place < node + width and nodes[place] < key:
                    place += 1
                if place < node + width and nodes[place] == key:
                    break
                node = signed(nodes[place + width])  # the child before the first larger key
            total += place
        return total

    @njit(f"int64({known}, boolean)")
    def hashed(places: np.ndarray, asked: np.ndarray, insert: bool) -> int:
        size = np.uint64(len(places))
        place = total = 0
        for number in range(len(asked)):
            key = asked[number + (place >> 62)]
            spread = (key * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)  # Knuth's multiplicative hashing
            place = signed((spread * size) >> np.uint64(32))
            while places[place] != key and places[place] != _EMPTY:
                place = place + 1 if place + 1 < len(places) else 0
            if insert:
                places[place] = key
            total += place
        return total

    def table(keys: np.ndarray, full: float) -> Lookups:
        places = _words(int(len(keys) / full) + 1)
        hashed(places, keys, True)
        return lambda asked: int(hashed(places, asked, False))

    def tree(keys: np.ndarray, width: int) -> Lookups:
        nodes, root = _tree(np.sort(keys), width)
        return lambda asked: int(descend(nodes, asked, width, root))

    return Makers(
        scanned=lambda keys: partial(scan, keys),
        halved=lambda keys: partial(halve, np.sort(keys)),
        tree=tree,
        hashed=table,
    )


def _words(count: int) -> np.ndarray:
    """Empty places of 8 bytes, the first at the beginning of a cache line."""
    memory = np.zeros(count + _LINE_WORDS, dtype=np.uint64)
    start = -(memory.ctypes.data // 8) % _LINE_WORDS
    return memory[start : start + count]


def _tree(ordered: np.ndarray, width: int) -> tuple[np.ndarray, int]:
    """A B-tree with full nodes, in memory, and where its root is; the nodes lie in no order, as if they had been made one by one.

    Of the keys of a level each (width + 1)-th belongs to the level above, and there is one node more than those.
    """
    fan = width + 1
    levels = [ordered]
    while len(levels[-1]) > width:
        levels.append(levels[-1][width::fan])
    counts = [len(level) // fan + 1 for level in levels]
    starts = (np.random.default_rng(len(ordered)).permutation(sum(counts)) + 1) * 2 * fan
    memory = _words((sum(counts) + 1) * 2 * fan)
    nodes = memory.reshape(-1, 2 * fan)  # the first one is nowhere, so that a child at 0 is none
    below = np.zeros(0, dtype=np.int64)
    for level, count in zip(levels, counts, strict=True):
        here, starts = starts[:count], starts[count:]
        nodes[here // (2 * fan), :width] = _rows(level, count, fan, _NOWHERE)[:, :width]
        nodes[here // (2 * fan), width : width + fan] = _rows(below, count, fan, _EMPTY)
        below = here
    return memory, int(below[0])


def _rows(values: np.ndarray, count: int, length: int, rest: np.uint64) -> np.ndarray:
    """``values`` in ``count`` rows, the last filled up with ``rest``."""
    filled = np.full(count * length, rest, dtype=np.uint64)
    filled[: len(values)] = values
    return filled.reshape(count, length)
