"""What was said over a connection, as the lines of a report."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from climb.counted import counted
from climb.judge.evidence import Exchange, Message
from climb.printable import printable

__all__ = ["exchange_lines"]

_SHOWN = 12  # the end is what matters; the page of the run has more
_SIGNS = {"sent": ("→", ">"), "received": ("←", "<"), "note": ("·", "-")}
_STYLES = {"sent": "", "received": "", "note": "dim"}


def exchange_lines(piece: Exchange, width: int, *, ascii_only: bool) -> list[Text]:
    """The last steps: when, which way, at which byte of that direction, and the bytes as text."""
    shown = piece.messages[-_SHOWN:]
    before = len(piece.messages) + piece.left_out - len(shown)
    lines = [Text(f"{counted(before, 'step')} before these", style="dim")] if before else []
    return [*lines, *(_line(message, width, ascii_only) for message in shown)]


def _line(message: Message, width: int, ascii_only: bool) -> Text:
    sign = _SIGNS.get(message.direction, _SIGNS["note"])[ascii_only]
    offset = "" if message.direction == "note" else f"{message.offset:,}"
    head = f"{message.at:9.3f} s {sign} {offset:>9}  "
    text = printable(" | ".join(message.text.replace("\t", " ").splitlines()))
    room = max(width - cell_len(head), 20)
    if cell_len(text) > room:
        more = "..." if ascii_only else "…"
        text = set_cell_size(text, room - len(more)) + more
    return Text.assemble((head, "dim"), (text, _STYLES.get(message.direction, "dim")))
