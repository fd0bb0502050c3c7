"""Random parts of requests, from the draws of a check: small draws make short and plain ones.

What is drawn is allowed by the brief, all of it: each character that may be there comes up sooner or later. The first choice of each
draw is the plainest, so that shrinking ends at letters, at few parts, and at requests that are sent whole.
"""

from __future__ import annotations

import random

from climb.judge.world.draws import Draws
from climb.projects.http.rules.targets import UNRESERVED, encoded

__all__ = [
    "draw_body",
    "draw_cuts",
    "draw_fields",
    "draw_method_token",
    "draw_name",
    "draw_path",
    "draw_query",
    "draw_target",
    "draw_text",
    "draw_token",
    "draw_value",
]

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_TOKEN = _LETTERS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~"  # RFC 9110, 5.6.2
_VISIBLE = _LETTERS + "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in _LETTERS)
_PLAIN_PATH = _LETTERS + "".join(one for one in UNRESERVED if one not in _LETTERS) + "!$&'()*+,;=:@"  # RFC 3986, 3.3
_ODD_PATH = '"<>[\\]^`{|}'  # no URL has them bare, but the brief takes all printable ASCII
_QUERY = _LETTERS + "".join(one for one in _VISIBLE if one not in _LETTERS + "#%")
_LETTERS_ABROAD = (
    "éßłжשक中語🙂\u0301\u202e\xa0"  # two, three and four bytes of UTF-8; a combining mark; a direction; a hard space
)
_NEEDS_ESCAPES = ' %/?#"<>+\\^`{|}&=;:@\x7f\x01'
_WHITE = ("", " ", "\t", "  ", " \t ", "    ")
_LOOKS_LIKE_HTTP = (
    b"\r\n\r\n",
    b"0\r\n\r\n",
    b"GET /mirror/hidden HTTP/1.1\r\nHost: x\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    b"\n",
    b"\x00",
    b"\xff\xfe",
    b"5\r\nhello\r\n",
)


def _characters(draw: Draws, alphabet: str, low: int, high: int) -> str:
    return "".join(draw.some(lambda: draw.choice(alphabet), at_least=low, at_most=high, usually=6))


def draw_token(draw: Draws, low: int = 1, high: int = 20) -> str:
    """A token: what methods and field names are made of."""
    return _characters(draw, _TOKEN, low, high)


def draw_method_token(draw: Draws) -> str:
    """A method that no server of this contract has."""
    return draw.choice(("X", "OPTIONS", "get", "TRACE", "GETS", "Post", "PROPFIND", "M-SEARCH")) + draw.choice(
        ("", "!", "~", "#$%&'*+-.^_`|")
    )


def draw_name(draw: Draws) -> str:
    """A field's name, one that means nothing to anybody."""
    return draw.choice(("x-", "X-")) + draw_token(draw)


def draw_value(draw: Draws) -> str:
    """A field's value, without the white space around it: it may be empty, and may have white space inside."""
    words = draw.some(lambda: _characters(draw, _VISIBLE, 1, 30), at_most=5, usually=2)
    gap = draw.choice((" ", "\t", "  ", ", ", ": "))
    return gap.join(words)


def draw_fields(draw: Draws, *, at_least: int = 0, at_most: int = 12) -> list[tuple[str, str]]:
    """Fields in order, some names more than once."""
    fields: list[tuple[str, str]] = []

    def one() -> tuple[str, str]:
        again = draw.integer(0, 3) == 3 and fields
        name = draw.choice(fields)[0] if again else draw_name(draw)
        fields.append((name, draw_value(draw)))
        return fields[-1]

    return draw.some(one, at_least=at_least, at_most=at_most, usually=5)


def draw_text(draw: Draws, *, at_most: int = 12) -> str:
    """Text of a path's segment, decoded: letters, letters of other scripts, and what has to be escaped."""

    def one() -> str:
        kind = draw.integer(0, 3)
        return draw.choice((_LETTERS, _PLAIN_PATH, _LETTERS_ABROAD, _NEEDS_ESCAPES)[kind])

    return "".join(draw.some(one, at_least=1, at_most=at_most, usually=5))


def draw_path(draw: Draws) -> str:
    """What is below /mirror, with nothing to decode: empty, or segments that begin with a slash each; none is of dots alone."""
    segments = draw.some(lambda: _segment(draw), at_most=4, usually=2)
    return "".join(f"/{segment}" for segment in segments)


def draw_query(draw: Draws) -> str:
    """A query with its question mark, or nothing; percent signs are followed by two digits."""
    if not draw.flag():
        return ""
    parts = draw.some(
        lambda: draw.choice(("", "%2F", "%25", "%C3%A9", "+", "%3f")) + _characters(draw, _QUERY, 0, 12), at_most=4
    )
    return "?" + draw.choice(("&", "=", "?", ";")).join(parts)


def draw_target(draw: Draws) -> str:
    """A target of the mirror, with nothing to decode in its path."""
    return f"/mirror{draw_path(draw)}{draw_query(draw)}"


def escaped(rng: random.Random, text: str) -> str:
    """``text`` as a path's segment: what must be is percent-encoded, and some of what need not be, in upper or lower case."""
    parts = (encoded(one, _PLAIN_PATH if rng.random() < 0.8 else "") for one in text)
    return "".join(part.lower() if part.startswith("%") and rng.random() < 0.3 else part for part in parts)


def draw_body(draw: Draws, *, at_most: int = 300_000) -> bytes:
    """Bytes of any kind, among them what looks like the end of a head, of a body, or like another request."""
    size = draw.choice((10, 0, 1, 100, 5_000, 70_000, at_most))
    rng = draw.source()
    size = min(rng.randint(size // 2, size), at_most)
    body = bytearray(rng.randbytes(size))
    for trap in rng.sample(_LOOKS_LIKE_HTTP, rng.randint(0, len(_LOOKS_LIKE_HTTP))):
        if len(trap) <= size:
            place = rng.randint(0, size - len(trap))
            body[place : place + len(trap)] = trap
    return bytes(body)


def draw_cuts(draw: Draws, length: int, *, at_most: int = 12) -> list[int]:
    """Where to cut so many bytes before they are sent: nowhere, or at a few places."""
    places = draw.some(lambda: draw.integer(1, max(length - 1, 1)), at_most=at_most, usually=4)
    return sorted({place for place in places if place < length})


def white_space(draw: Draws) -> str:
    """Spaces and tabs that belong to nothing: none, or some."""
    return draw.choice(_WHITE)


def _segment(draw: Draws) -> str:
    alphabet = draw.choice((_LETTERS, _PLAIN_PATH, _PLAIN_PATH + _ODD_PATH))
    text = _characters(draw, alphabet, 1, 12)
    return text if text.strip(".") else f"{text}x"
