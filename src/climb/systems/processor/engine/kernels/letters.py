"""The bytes that lines are made of."""

from __future__ import annotations

import numpy as np

__all__ = [
    "BACKSLASH",
    "CLOSE",
    "CLOSE_LIST",
    "COLON",
    "COMMA",
    "DOT",
    "LARGE_E",
    "MINUS",
    "NEWLINE",
    "NINE",
    "OPEN",
    "OPEN_LIST",
    "PLAIN",
    "PLUS",
    "QUOTE",
    "RETURN",
    "SMALL_E",
    "SPACE",
    "TAB",
    "ZERO",
]

SPACE, TAB, RETURN, NEWLINE = 32, 9, 13, 10
QUOTE, BACKSLASH, COMMA, COLON, MINUS, PLUS, DOT = 34, 92, 44, 58, 45, 43, 46
OPEN, CLOSE, OPEN_LIST, CLOSE_LIST = 123, 125, 91, 93
ZERO, NINE, SMALL_E, LARGE_E = 48, 57, 101, 69

PLAIN = np.zeros(256, np.uint8)  # bytes of a text that stand for themselves
PLAIN[32:128] = 1
PLAIN[[QUOTE, BACKSLASH]] = 0
