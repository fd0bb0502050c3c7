"""What the words of the state mean with which the reader of lines goes on from call to call."""

from __future__ import annotations

__all__ = ["AT", "CONNECTION", "HEAP", "LINES", "NAMES", "ODD", "PROVISIONALS", "ROWS", "STATE_WORDS", "STOP"]

AT, STOP, LINES, ROWS, ODD, NAMES, HEAP, PROVISIONALS, CONNECTION = range(9)
STATE_WORDS = 9
