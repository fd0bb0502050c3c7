"""The course's drawings, put into the page itself so that its stylesheet can colour them in dark and light."""

from __future__ import annotations

from functools import cache

from markupsafe import Markup

from climb.course.loader import content_folder

__all__ = ["drawing"]


def drawing(name: str, alternative: str) -> Markup:
    """The drawing ``name`` with a text alternative for those who can't see it."""
    opening, rest = _source(name)
    label = Markup('role="img" aria-label="{}"').format(alternative)
    return Markup('<figure class="drawing" tabindex="0">{} {}>{}</figure>').format(opening, label, rest)


@cache
def _source(name: str) -> tuple[Markup, Markup]:
    """The drawing's opening tag without its end, and the rest. It is our own file, so it is markup."""
    text = (content_folder() / "drawings" / name).read_text(encoding="utf-8")
    start = text.index("<svg")
    opening, _, rest = text[start:].partition(">")
    return Markup(opening), Markup(rest.strip())  # noqa: S704 - our own files, checked by tests
