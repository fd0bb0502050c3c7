"""Our Markdown as terminal text: paragraphs, lists, code; a link into the course becomes the command that opens it."""

from __future__ import annotations

import re

from rich.console import Console
from rich.text import Text

__all__ = ["flowing", "inline"]

_COMMANDS = {"concept": "climb read", "lab": "climb lab", "project": "climb list", "module": "climb read"}
_LINK = re.compile(r"\[([^\]]+)\]\((?:(concept|lab|project|module):([\w.-]+)|([^)\s]+))\)")
_INLINE = re.compile(r"`(?P<code>[^`]+)`|\*\*(?P<strong>[^*]+)\*\*|\*(?P<stressed>[^*\s][^*]*)\*")
_ITEM = re.compile(r"^\s*(?:[-*]|\d+\.)\s+", re.MULTILINE)


def inline(markdown: str) -> Text:
    """One paragraph on one line."""
    plain = _LINK.sub(_link, " ".join(markdown.split()))
    text, end = Text(), 0
    for found in _INLINE.finditer(plain):
        text.append(plain[end : found.start()])
        text.append(found[found.lastgroup or 0], style="bold" if found.lastgroup != "stressed" else "italic")
        end = found.end()
    return text.append(plain[end:])


def flowing(markdown: str, width: int, console: Console) -> list[Text]:
    """The paragraphs and list items, broken at ``width``, with an empty line between paragraphs."""
    lines: list[Text] = []
    for block in re.split(r"\n\s*\n", markdown.strip()):
        if lines:
            lines.append(Text())
        starts = [found.start() for found in _ITEM.finditer(block)]
        if not starts or starts[0] != 0:
            lines += inline(block).wrap(console, width)
            continue
        for start, end in zip(starts, [*starts[1:], len(block)], strict=True):
            pieces = inline(_ITEM.sub("", block[start:end], count=1)).wrap(console, max(width - 2, 10))
            lines += [Text("- " if number == 0 else "  ") + piece for number, piece in enumerate(pieces)]
    for line in lines:
        line.rstrip()
    return lines


def _link(found: re.Match[str]) -> str:
    text, kind, name, address = found.groups()
    return f"{text} ({_COMMANDS[kind]} {name})" if kind else f"{text} ({address})"
