"""What a stream can show: its width, its characters, its colours. Everything for people goes through here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

__all__ = ["ASCII", "UNICODE", "Symbols", "console_on", "show", "symbols_for"]


@dataclass(frozen=True, kw_only=True)
class Symbols:
    """The few characters beyond letters that our texts use."""

    dot: str  # between two remarks
    arrow: str  # a redirect
    dash: str  # from one port to another
    ellipsis: str  # text left out


UNICODE = Symbols(dot="·", arrow="→", dash="–", ellipsis="…")
ASCII = Symbols(dot="|", arrow="->", dash="-", ellipsis="...")


def symbols_for(stream: IO[str]) -> Symbols:
    """The finest symbols that the stream's encoding can hold."""
    try:
        "·→–…".encode(_encoding(stream))
    except UnicodeEncodeError:
        return ASCII
    return UNICODE


def console_on(stream: IO[str]) -> Console:
    """A console that knows the stream's width and colours, and takes text for text: no markup, no guessing."""
    from rich.console import Console

    return Console(file=stream, markup=False, emoji=False, highlight=False)


def show(console: Console, *parts: RenderableType) -> None:
    """Print the parts one below the other, without the blanks that fill a cell at the end of a line."""
    with console.capture() as capture:
        for part in parts:
            console.print(part, crop=False)  # what asks not to be wrapped, such as a command to copy, runs on
    text = "\n".join(line.rstrip(" ") for line in capture.get().split("\n"))
    encoding = _encoding(console.file)
    console.file.write(text.encode(encoding, "replace").decode(encoding))
    console.file.flush()


def _encoding(stream: IO[str]) -> str:
    return getattr(stream, "encoding", None) or "utf-8"
