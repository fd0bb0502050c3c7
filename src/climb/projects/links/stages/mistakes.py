"""Requests that are wrong, each with the status and the fields that the answer has to name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws

__all__ = ["Mistake", "draw_mistakes", "sizes"]

_LIMIT = 64 * 1024
_NOTHING_LIKE_IT = "There is nothing of this name."


class Mistake(msgspec.Struct, frozen=True, kw_only=True):
    """A request, and what is wrong with it. ``wrong`` are the fields to be named; none means that nothing is demanded of them."""

    status: int
    why: str
    method: str = "POST"
    target: str = "/v1/links"
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()
    wrong: tuple[str, ...] = ()


def draw_mistakes(draw: Draws, url: str) -> list[Mistake]:
    """Mistakes of all kinds in a drawn order."""
    found = [*_unreadable(url), *_wrong_fields(draw, url), *_nowhere(draw)]
    return draw.sample(found, len(found))


def sizes(url: str) -> list[tuple[bytes, int]]:
    """Bodies of just as many bytes as are taken and of one more, with the status of the answer."""
    body = msgspec.json.encode({"url": url})
    return [(body + b" " * (size - len(body)), status) for size, status in ((_LIMIT, 201), (_LIMIT + 1, 413))]


def _unreadable(url: str) -> list[Mistake]:
    good = msgspec.json.encode({"url": url})
    why = "The body is no JSON object, so there are no fields that could be right or wrong."
    found = [
        Mistake(status=400, body=body, why=why)
        for body in (b"", b"no JSON", good[:-1], b"[]", b'"text"', b"null", b"5", b'{"url": "\xff"}')
    ]
    why = "The body is said to be of another media type than application/json (RFC 9110, 15.5.16)."
    kinds = ("text/plain", "application/x-www-form-urlencoded", "application/xml")
    return [*found, *(Mistake(status=415, body=good, headers=(("Content-Type", kind),), why=why) for kind in kinds)]


def _wrong_fields(draw: Draws, url: str) -> list[Mistake]:
    extra = draw.word()
    bodies: list[tuple[dict[str, object], tuple[str, ...], str]] = [
        ({}, ("url",), "The url is required."),
        ({"url": 5}, ("url",), "The url is a text."),
        ({"url": None}, ("url",), "The url is a text."),
        ({"url": [url]}, ("url",), "The url is a text."),
        ({"url": url, "code": 12345}, ("code",), "The code is a text."),
        (
            {"url": url, "code": f"a\0{extra}"},
            ("code",),
            "No text in a request has U+0000: PostgreSQL has no place for it, and other programs end a text there.",
        ),
        ({"url": f"{url}\0"}, ("url",), "No text in a request has U+0000."),
        ({"url": url, "expires_at": 2_000_000_000}, ("expires_at",), "A time is a text as in RFC 3339."),
        ({"url": url, "expires_at": "tomorrow"}, ("expires_at",), "A time is a text as in RFC 3339."),
        (
            {"url": url, extra: True},
            (extra,),
            "There is no such field. Whoever misspelt one learns it now, instead of wondering later.",
        ),
        ({"url": url, "owner": "bert"}, ("owner",), "The owner is the sub of the token, and can't be chosen."),
        (
            {"url": "nowhere", "code": "!", "expires_at": "soon"},
            ("url", "code", "expires_at"),
            "Three fields are wrong.",
        ),
        ({"code": "x", extra: 1}, ("url", "code", extra), "One field is missing, one is wrong, one is unknown."),
    ]
    return [Mistake(status=422, body=msgspec.json.encode(body), wrong=wrong, why=why) for body, wrong, why in bodies]


def _nowhere(draw: Draws) -> list[Mistake]:
    word = draw.word()
    found = [
        Mistake(status=404, method="GET", target=target, why=_NOTHING_LIKE_IT)
        for target in (f"/v1/links/{word}-none", f"/v1/{word}", f"/{word}-none", f"/{word}/{word}")
    ]
    why = "There is something of this name, and it does not have this method (RFC 9110, 15.5.6)."
    methods = (("DELETE", "/v1/links"), ("PUT", "/v1/links"), ("GET", "/v1/imports"), ("DELETE", "/healthz"))
    return [*found, *(Mistake(status=405, method=method, target=target, why=why) for method, target in methods)]
