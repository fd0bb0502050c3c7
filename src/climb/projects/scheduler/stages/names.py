"""Names for tasks: plain letters when they should be simple, else words in no order that sorting would find."""

from __future__ import annotations

import random

__all__ = ["names"]

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WORDS = (
    "backup", "build", "cache", "compile", "cron", "decode", "editor", "email", "fetch", "game", "httpd", "index", "log",
    "mixer", "parse", "player", "query", "render", "scan", "search", "shell", "sort", "sync", "upload", "vacuum", "zip",
)  # fmt: skip
_LETTERS_UP_TO = 400


def names(number: int, count: int) -> list[str]:
    """``count`` different names; 0 gives A, B, C, … in this order."""
    if number == 0:
        return list(_LETTERS[:count])
    # Python's generator is seeded with the draw, so the names replay with it.
    chosen = random.Random(number)
    return chosen.sample(_LETTERS[: count + 2] if number <= _LETTERS_UP_TO else _WORDS, count)
