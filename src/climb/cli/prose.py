"""The course's Markdown in a terminal: in a narrow measure, its links as commands to type, its drawings in words."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator, Sequence
from functools import cache

import click
from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown, TableElement
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

from climb.cli.console import console, symbols

__all__ = ["Prose", "command_for", "in_locale", "rendered", "show"]

_MEASURE = 76  # columns of text, after a margin of two
_MARGIN = "  "
_GLUE = "\ue000"  # stands for a space where no line may break, since rich breaks at every kind of space
_COMMANDS = {"concept": "climb read", "module": "climb read", "project": "climb read", "lab": "climb lab"}
_OURS = re.compile(r"(?P<kind>concept|module|project|lab):(?P<name>[\w.-]+)(?:#.*)?")

_THEME = Theme(
    {
        **{f"markdown.h{level}": "bold" for level in range(1, 7)},
        "markdown.code": "bold",  # as in manual pages
        "markdown.link": "none",
        "markdown.link_url": "dim",
        "markdown.item.bullet": "none",
        "markdown.item.number": "none",
        "markdown.table.header": "bold",
        "markdown.table.border": "dim",
        "markdown.block_quote": "none",
    }
)
# What a locale without Unicode gets instead of a question mark.
_PLAIN = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "×": "x", "•": "*", "·": "-", "→": "->"}
    | dict.fromkeys("─━", "-")
    | {"≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "−": "-", "µ": "u", "\u00a0": " ", "\u202f": " "}
)


class _Code(CodeBlock):
    """Code as it is: indented, never wrapped, so that it can be copied."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in str(self.text).rstrip().split("\n"):
            yield Segment(f"    {line}")
            yield Segment.line()


class _Heading(Heading):
    """A heading at the left margin, whatever its level."""

    LEVEL_ALIGN = dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "left")


class _Table(TableElement):
    """A table without empty lines around it; the text's own are enough."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for table in super().__rich_console__(console, options):
            if isinstance(table, Table):
                table.show_edge = False
            yield table


class _Tokens(Markdown):
    """Markdown that is parsed already."""

    elements = {  # noqa: RUF012 - as in the base class
        **Markdown.elements,
        "fence": _Code,
        "code_block": _Code,
        "heading_open": _Heading,
        "table_open": _Table,
    }

    def __init__(self, tokens: list[Token]) -> None:
        super().__init__("", hyperlinks=False)
        self.parsed = tokens


class Prose:
    """A text of the course. A command behind a link is shown once; where the link comes again its words are enough."""

    def __init__(self, markdown: str) -> None:
        self._tokens = _parser().parse(markdown)
        self._shown: set[str] = set()

    def __rich__(self) -> RenderableType:
        parts: list[RenderableType] = []
        for number, part in enumerate(_parts(self._tokens)):
            parts += [Text()] if number else []
            parts.append(_drawing(part) if isinstance(part, str) else _Tokens(list(self._with_commands(part))))
        return Group(*parts)

    def _with_commands(self, tokens: Sequence[Token]) -> Iterator[Token]:
        for token in tokens:
            if token.children:
                token.children = list(self._inline(token.children))
            yield token

    def _inline(self, tokens: Sequence[Token]) -> Iterator[Token]:
        bare = False  # within a link whose address is not shown
        for token in tokens:
            if token.type == "link_open":
                address = str(token.attrs.get("href", ""))
                shown = command_for(address) or address
                bare = shown in self._shown or shown.startswith("#") or token.markup == "autolink"
                self._shown.add(shown)
                token.attrs["href"] = shown.replace(" ", _GLUE)
            if token.type == "image":
                yield Token("text", "", 0, content=f"[drawing: {token.content}]")
            elif not (bare and token.type in ("link_open", "link_close")):
                yield token


def command_for(address: str) -> str | None:
    """What to type for ``concept:sockets``, ``lab:fsync`` and the like; None for an address of another kind."""
    match = _OURS.fullmatch(address)
    return f"{_COMMANDS[match['kind']]} {match['name']}" if match else None


def rendered(*parts: RenderableType, width: int = _MEASURE) -> str:
    """The parts below each other as text for standard output, ``width`` columns wide at most.

    It has styles if standard output shows them, and only signs that it can carry.
    """
    real, out = console(), io.StringIO()
    page = Console(
        file=out,
        width=max(min(real.width - len(_MARGIN), width), 20),
        color_system=real.color_system,  # type: ignore[arg-type] # the same names, as rich gives them back
        force_terminal=real.is_terminal,
        no_color=real.no_color,
        theme=_THEME,
        highlight=False,
        markup=False,
        emoji=False,
    )
    for part in parts:
        page.print(part, crop=False)
    lines = (f"{_MARGIN}{line}".rstrip() for line in out.getvalue().splitlines())
    return in_locale("\n".join(lines).replace(_GLUE, " ") + "\n")


def in_locale(text: str) -> str:
    """A text with only signs that standard output can carry."""
    return text if symbols().dot == "·" else text.translate(_PLAIN)


def show(text: str, *, pager: bool) -> bool:
    """Print a text, on a terminal that is too small for it through the pager; whether it went through the pager."""
    if pager and sys.stdout.isatty() and text.count("\n") >= console().height:
        click.echo_via_pager(text)  # by default less -R
        return True
    click.echo(text, nl=False)
    return False


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("js-default", {"html": False, "linkify": False, "typographer": False})


def _parts(tokens: list[Token]) -> Iterator[list[Token] | str]:
    """The text between drawings, and of each drawing the words that stand for it."""
    begin = 0
    for number, token in enumerate(tokens):
        alone = (
            token.type == "inline" and token.level == 1 and [each.type for each in token.children or []] == ["image"]
        )
        if alone and tokens[number - 1].type == "paragraph_open":
            if number - 1 > begin:
                yield tokens[begin : number - 1]
            yield (token.children or [])[0].content
            begin = number + 2
    if begin < len(tokens):
        yield tokens[begin:]


def _drawing(alternative: str) -> RenderableType:
    return Padding(Text(f"Drawing: {alternative}", style="dim"), (0, 4))
