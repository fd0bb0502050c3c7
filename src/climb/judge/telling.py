"""Words for what was recorded of a service, the same in the terminal and on the page."""

from __future__ import annotations

import shlex

from climb.counted import counted
from climb.judge.evidence import Exchange, Lifetime

__all__ = ["exchange_head", "life_sentence", "start_line"]


def start_line(piece: Lifetime, home: str) -> str:
    """What to type to start the program in the same way; folders of the check are gone, so new ones take their place."""
    told = [f"{name}={_value(value, piece)}" for name, value in piece.env]
    words = [word.replace(f"{home}/", "./", 1) for word in piece.argv]
    return " ".join([*told, shlex.join(words)])


def life_sentence(piece: Lifetime) -> str:
    """How it was started and how it ended, in one line."""
    ready = "" if piece.ready is None else f"ready after {piece.ready:.2f} s; "
    ended = piece.ended if piece.ended == "still running" else f"{piece.ended} after {piece.seconds:.2f} s"
    return f"start {piece.number} of this check; {ready}{ended}; at most {piece.peak_memory / 1048576:.1f} MiB"


def exchange_head(piece: Exchange) -> str:
    """Who talked, and how much."""
    return f"{piece.peer}: {counted(piece.sent_bytes, 'byte')} sent, {piece.received_bytes:,} received"


def _value(value: str, piece: Lifetime) -> str:
    return '"$(mktemp -d)"' if value in piece.folders else shlex.quote(value)
