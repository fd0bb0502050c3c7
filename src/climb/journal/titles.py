"""A title for a text that has none of its own: its first heading, or its first words."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

__all__ = ["title_of", "without_title"]

_WORDS = 8


def title_of(text: str, *, headings_only: bool = False) -> str:
    """The text's first heading, else, unless ``headings_only``, its first words; empty if there is nothing to take."""
    tokens = _engine().parse(text)
    headings = [after for token, after in pairwise(tokens) if token.type == "heading_open"]
    for token in headings:
        if heading := _plain(token):
            return heading
    if headings_only:
        return ""
    words = next((words for token in tokens if token.type == "inline" and (words := _plain(token).split())), [])
    return " ".join(words[:_WORDS]) + (" …" if len(words) > _WORDS else "")


def without_title(text: str, title: str) -> str:
    """The text for a page that shows ``title`` above it: a heading at its very beginning that says the same is left out."""
    tokens = _engine().parse(text)
    if len(tokens) < 2 or tokens[0].type != "heading_open" or tokens[0].map is None or _plain(tokens[1]) != title:
        return text
    return "\n".join(text.split("\n")[tokens[0].map[1] :]).lstrip("\n")


def _plain(token: Token) -> str:
    """What a reader sees of a paragraph or heading, on one line."""
    seen = "".join(" " if child.type.endswith("break") else child.content for child in token.children or [])
    return " ".join(seen.split())


@cache
def _engine() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False})
