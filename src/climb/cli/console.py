"""Standard output: the terminal, how wide it is and what it can show; untrusted text made harmless; and JSON for scripts."""

from __future__ import annotations

import sys
from functools import cache
from typing import IO, NamedTuple

import msgspec
from rich.console import Console

from climb.printable import printable

__all__ = ["Symbols", "console", "print_json", "printable", "symbols"]


class Symbols(NamedTuple):
    """The signs that reports use; plain ASCII where the locale can't do more."""

    passed: str
    failed: str
    unknown: str
    waiting: str
    dot: str


_FULL = Symbols("✓", "✗", "?", "·", "·")
_ASCII = Symbols("+", "x", "?", "-", "-")


class _Console(Console):
    """Leaves a closed pipe to whoever runs the command; rich would end the program itself, with 1."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


@cache
def console(*, stderr: bool = False) -> Console:
    """The console for standard output or standard error; it respects NO_COLOR and the terminal's width."""
    return _Console(stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=False)


def print_json(document: object) -> None:
    """A JSON document as one line of standard output, in UTF-8 whatever the locale."""
    sys.stdout.flush()
    sys.stdout.buffer.write(msgspec.json.encode(document) + b"\n")
    sys.stdout.buffer.flush()


def symbols(stream: IO[str] | None = None) -> Symbols:
    """The signs that ``stream`` can carry."""
    encoding = getattr(stream or sys.stdout, "encoding", None) or "ascii"
    try:
        "".join(_FULL).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return _ASCII
    return _FULL
