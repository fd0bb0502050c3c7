"""Random targets that the contract allows, whatever is drawn: small draws make short and plain ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws

__all__ = ["draw_code", "draw_url"]

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_PATH = _LETTERS + "ABCXYZ0189-._~!$&'()*+,;=:@/%\"<>[]^`{|}\\"  # what a browser would encode is sent as it is here
_QUERY = _PATH + "?"


def draw_url(draw: Draws) -> str:
    """A target in the whole of its variety."""
    scheme = draw.choice(("https://", "http://", "HTTPS://", "Http://"))
    host = draw.choice(
        ("example.org", "www.example.com", "Example.NET", "a_b.example.org", "xn--bcher-kva.example", "10.example.org")
    )
    port = draw.choice(("", "", ":8443", ":80", ":443"))
    return f"{scheme}{host}{port}{_rest(draw)}"


def draw_code(draw: Draws) -> str:
    """A code that somebody may choose; it is hardly ever drawn twice."""
    return draw.word(5, 8) + draw.choice(("", "-", "_", "-X", "_9", "Zz"))


def _rest(draw: Draws) -> str:
    path = "/" + _some(draw, _PATH) if draw.integer(0, 4) else ""
    query = "?" + _some(draw, _QUERY) if draw.flag() else ""
    fragment = "#" + _some(draw, _QUERY) if draw.integer(0, 3) == 3 else ""
    return path + query + fragment


def _some(draw: Draws, alphabet: str) -> str:
    return "".join(draw.some(lambda: draw.choice(alphabet), at_most=40, usually=8))
