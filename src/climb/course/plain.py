"""Markdown as plain text in one line, for what is searched and shown in excerpts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

__all__ = ["one_line", "plain_text"]

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


def plain_text(markdown: str) -> str:
    """The words of a text: those of its code and of its drawings' alternatives too, but no markup and no addresses."""
    return one_line("".join(_separated(_words(_parser().parse(markdown)))))


def one_line(text: str) -> str:
    """``text`` with single spaces for every kind of white space and every control character."""
    return " ".join(_CONTROL.sub(" ", text).split())


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("js-default", {"html": False, "linkify": False, "typographer": False})


def _separated(blocks: Iterable[str]) -> Iterator[str]:
    """A dot after a block that does not end as a sentence does, such as a heading or the cell of a table."""
    for number, block in enumerate(blocks):
        yield block if number == 0 else f" {block}"
        yield "" if block.rstrip().endswith((".", ":", "?", "!", "…", ";")) else " ·"


def _words(tokens: Iterable[Token]) -> Iterator[str]:
    """The text of each block; within a block nothing is put between the pieces, since a word may be half in italics."""
    for token in tokens:
        if token.type == "inline":
            yield "".join(_inline(token.children or []))
        elif token.type in ("fence", "code_block"):
            yield token.content


def _inline(tokens: Iterable[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type in ("softbreak", "hardbreak"):
            yield " "
        elif token.content:
            yield token.content
