"""References to evidence: Markdown links with our own scheme.

[3.2 failed](climb:run/20260314T150926-41c2#3.2)      a run, and one of its stages or checks
[5.1 ×](climb:lab/handshake/20260314T151200)          a lab's result
[Networks](climb:module/1.1)   [Sockets](climb:concept/sockets)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from functools import cache
from typing import Any

import msgspec
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline, autolink, link

__all__ = ["Kind", "Quoted", "Reference", "escaped", "parse_reference", "quoted", "references"]


class Kind(StrEnum):
    """What a reference leads to."""

    RUN = "run"
    LAB = "lab"
    MODULE = "module"
    CONCEPT = "concept"


class Reference(msgspec.Struct, frozen=True):
    """Where a reference leads: ``part`` is a run's stage or check, such as ``3.2``, or the id of a lab's result."""

    kind: Kind
    name: str
    part: str = ""

    @property
    def address(self) -> str:
        """The reference as a link has it."""
        mark = {Kind.RUN: "#", Kind.LAB: "/"}.get(self.kind, "")
        return f"climb:{self.kind}/{self.name}" + (mark + self.part if self.part else "")


class Quoted(msgspec.Struct, frozen=True):
    """A reference in a text: from where to where its link goes, and what the link reads, both as Markdown."""

    start: int
    end: int
    label: str
    reference: Reference


_SHAPES = {
    Kind.RUN: re.compile(r"climb:run/(?P<name>\d{8}T\d{6}-[0-9a-f]{4,8}(?:\.\d+)?)(?:#(?P<part>\d+(?:\.\d+)?))?"),
    Kind.LAB: re.compile(r"climb:lab/(?P<name>[a-z0-9-]+)(?:/(?P<part>\d{8}T\d{6}(?:\.\d+)?))?"),
    Kind.MODULE: re.compile(r"climb:module/(?P<name>[A-Za-z0-9][A-Za-z0-9.-]*)(?P<part>)"),
    Kind.CONCEPT: re.compile(r"climb:concept/(?P<name>[a-z0-9-]+)(?P<part>)"),
}
_SPECIAL = re.compile(r"([\\`*_\[\]<>&])")


def parse_reference(address: str) -> Reference | None:
    """The reference that an address is; None if it is none of ours."""
    for kind, shape in _SHAPES.items():
        if match := shape.fullmatch(address):
            return Reference(kind, match["name"], match["part"] or "")
    return None


def references(text: str) -> tuple[Reference, ...]:
    """The references in a text, each once, in their order. What stands in code is not one."""
    return tuple(dict.fromkeys(each.reference for each in quoted(text)))


def quoted(text: str) -> list[Quoted]:
    """Every place of a text, with plain line ends, that is a link with a reference, in order."""
    text = text.replace("\r", "\n").replace("\0", "\ufffd")  # as the parser does it, so that places agree
    lines = text.split("\n")
    begins = [0]
    for line in lines:
        begins.append(begins[-1] + len(line) + 1)
    found: list[Quoted] = []
    env: dict[str, Any] = {}  # gets the definitions that [text][name] needs
    for token in _engine().parse(text, env):
        if token.type == "inline" and token.map is not None:
            # A block's content is its lines without what comes before and after them: quote marks, numbers, indents.
            places = _places(token.content, lines, begins, token.map[0])
            found += [
                Quoted(places[each.start], places[each.end - 1] + 1, each.label, each.reference)
                for each in _links(token.content, env)
            ]
    return found


def _places(content: str, lines: list[str], begins: list[int], first: int) -> list[int]:
    """Where each character of a block's content stands in the text."""
    places: list[int] = []
    for number, part in enumerate(content.split("\n"), first):
        shown = part.lstrip()  # a tab before it may have become spaces
        at = begins[number] + lines[number].rfind(shown) - (len(part) - len(shown))
        places += range(at, at + len(part) + 1)
    return places


def _links(content: str, env: dict[str, Any]) -> list[Quoted]:
    """The references in a block's content, with their places in it."""
    found: list[Quoted] = []
    _engine().parseInline(content, {**env, "found": found, "content": content})
    return found


def escaped(text: str) -> str:
    """A text in which Markdown finds no markup, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


@cache
def _engine() -> MarkdownIt:
    engine = MarkdownIt("commonmark", {"html": False})
    engine.inline.ruler.at("link", _recording(link))
    engine.inline.ruler.at("autolink", _recording(autolink))
    return engine


def _recording(rule: Callable[[StateInline, bool], bool]) -> Callable[[StateInline, bool], bool]:
    """The rule, noting in ``found`` of the environment each link that it makes in the block that is parsed."""

    def recorded(state: StateInline, silent: bool) -> bool:
        start, before = state.pos, len(state.tokens)
        matched = rule(state, silent)
        if matched and not silent and state.src == state.env.get("content"):
            _note(state.env["found"], state, start, before)
        return matched

    return recorded


def _note(found: list[Any], state: StateInline, start: int, before: int) -> None:
    opened = next(token for token in state.tokens[before:] if token.type == "link_open")
    reference = parse_reference(str(opened.attrGet("href")))
    if reference is None:
        return
    source = state.src[start : state.pos]
    inside = state.md.helpers.parseLinkLabel(state, start, True) if source.startswith("[") else -1
    label = state.src[start + 1 : inside] if inside > start else f"`{reference.address}`"
    found.append(Quoted(start, state.pos, label, reference))
