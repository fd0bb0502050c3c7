"""Markdown of the course and of the journal as markup. Raw markup in it is shown as text, never obeyed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup

from climb.course.loader import content_folder
from climb.workbench.render.drawing import drawing

__all__ = ["inline_markdown", "markdown"]

_PLACES = {"concept": "/concepts/", "lab": "/labs/", "project": "/projects/", "module": "/modules/", "run": "/runs/"}
_OUR_SCHEME = re.compile(
    r"(?:climb:)?(?P<kind>concept|lab|project|module|run)[:/](?P<name>[\w./-]+)(?P<part>#[\w.-]+)?"
)


def markdown(text: str, *, first_heading: int = 2) -> Markup:
    """``text`` as markup; its top headings become ``h<first_heading>``."""
    return Markup(_renderer(first_heading).render(text))  # noqa: S704 - made by a renderer that escapes all raw markup


def inline_markdown(text: str) -> Markup:
    """``text`` of one line as markup, without a paragraph around it."""
    return Markup(_renderer(2).renderInline(text))  # noqa: S704 - as above


def _our_link(address: str) -> str | None:
    """The workbench's own address for ``concept:sockets``, ``climb:lab/handshake/…`` and the like; None for any other."""
    match = _OUR_SCHEME.fullmatch(address)
    return _PLACES[match["kind"]] + match["name"] + (match["part"] or "") if match else None


@cache
def _renderer(first_heading: int) -> MarkdownIt:
    # "js-default" escapes raw markup; validateLink refuses javascript: and the like.
    engine = MarkdownIt("js-default", {"html": False, "linkify": False, "typographer": False})
    engine.validateLink = lambda url: _our_link(url) is not None or _harmless(url)  # type: ignore[method-assign] # the library's documented way
    engine.add_render_rule("link_open", _link_open)
    engine.add_render_rule("image", _image)
    engine.add_render_rule("table_open", _table_open)
    engine.add_render_rule("table_close", lambda *_: "</table></div>\n")
    for rule in ("th_open", "td_open"):
        engine.add_render_rule(rule, _cell_open)
    for rule in ("heading_open", "heading_close"):
        engine.add_render_rule(rule, _heading(first_heading))
    return engine


def _harmless(url: str) -> bool:
    scheme = re.match(r"\s*([a-z][a-z0-9+.-]*):", url, re.IGNORECASE)
    return scheme is None or scheme[1].lower() in ("http", "https", "mailto")


def _heading(first: int) -> Any:
    def rule(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any) -> str:
        token = tokens[index]
        token.tag = f"h{min(int(token.tag[1]) + first - 2, 6)}" if token.tag != "h1" else f"h{first}"
        return renderer.renderToken(tokens, index, options, env)

    return rule


def _table_open(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any) -> str:
    """A table that can be scrolled by keyboard; its columns name it, and a number those that are headed as one before."""
    end = next(at for at in range(index, len(tokens)) if tokens[at].type == "thead_close")
    heads = [token.children or [] for token in tokens[index:end] if token.type == "inline" and token.content]
    name = ", ".join(renderer.renderInlineAsText(head, options, env) for head in heads)
    count = env.setdefault("tables", Counter())
    count[name] += 1
    label = f"Table: {name}" if count[name] == 1 else f"Table: {name} ({count[name]})"
    return str(Markup('<div class="wide" tabindex="0" role="region" aria-label="{}"><table>\n').format(label))


def _cell_open(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any) -> str:
    """Columns of figures are set right by a class, as the policy allows no style attributes; an empty cell heads nothing."""
    cell, text, end = tokens[index : index + 3]
    if str(cell.attrs.pop("style", "")).endswith("right"):
        cell.attrSet("class", "figure")
    if not text.content:
        cell.tag = end.tag = "td"
    return renderer.renderToken(tokens, index, options, env)


def _link_open(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any) -> str:
    token = tokens[index]
    href = str(token.attrGet("href") or "")
    ours = _our_link(href)
    if ours is not None:
        token.attrSet("href", ours)
    elif not href.startswith("#"):
        token.attrSet("rel", "noopener noreferrer")
        token.attrSet("class", "away")
    return renderer.renderToken(tokens, index, options, env)


def _image(_renderer: RendererHTML, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: Any) -> str:
    """A drawing of the course; any other picture is named, not fetched."""
    token = tokens[index]
    name, alt = str(token.attrGet("src") or ""), token.content
    if re.fullmatch(r"[\w-]+\.svg", name) and (content_folder() / "drawings" / name).is_file():
        return str(drawing(name, alt))
    return str(Markup("<em>[picture: {}]</em>").format(alt or name))
