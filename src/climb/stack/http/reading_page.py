"""An OpenAPI document as a page to read, without scripts and without anything from outside."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markdown_it import MarkdownIt
from markupsafe import Markup

from climb.stack.http.contract_reading import read_contract

__all__ = ["reading_page"]


def reading_page(text: str) -> str:
    """The page of the document."""
    page: str = _template().render(contract=read_contract(text))
    return page


@cache
def _template() -> Any:
    environment = Environment(
        loader=PackageLoader("climb.stack.http", "templates"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    markdown = MarkdownIt("commonmark", {"html": False})
    environment.filters["markdown"] = lambda text: Markup(markdown.render(text))  # noqa: S704 - it escapes all HTML in the text
    environment.filters["inline_markdown"] = lambda text: Markup(markdown.renderInline(text))  # noqa: S704 - as above
    return environment.get_template("docs.html")
