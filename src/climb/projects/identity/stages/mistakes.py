"""Requests with mistakes: bodies whose fields are wrong, bodies that are none, and requests for what is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws

__all__ = ["Mistake", "Unreadable", "bodies_that_are_none", "fields_that_are_wrong", "not_there", "whole_bodies"]

LONGEST = 64 * 1024
_EMAIL, _PASSWORD = "ada@id.example", "correct horse battery"


class Mistake(msgspec.Struct, frozen=True):
    """A body for a path, and the fields that are wrong in it."""

    path: str
    json: Any
    fields: tuple[str, ...]


class Unreadable(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that are no body of ``POST /v1/registrations``; ``statuses`` may answer them."""

    what: str
    body: bytes
    statuses: tuple[int, ...]
    content_type: str = "application/json"
    chunked: bool = False


def fields_that_are_wrong(draw: Draws) -> list[Mistake]:
    """Bodies with one mistake and with several, in random order."""
    extra = f"x_{draw.word()}"
    registration = {"email": _EMAIL, "password": _PASSWORD}
    wrong: list[tuple[dict[str, Any], tuple[str, ...]]] = [
        ({}, ("email", "password")),
        ({"email": "nobody", "password": "short"}, ("email", "password")),
        ({"password": _PASSWORD}, ("email",)),
        ({"email": _EMAIL}, ("password",)),
        ({**registration, extra: True}, (extra,)),
        ({"email": "nobody", extra: None}, ("email", "password", extra)),
        ({"email": 7, "password": [_PASSWORD]}, ("email", "password")),
        ({"email": None, "password": {"is": _PASSWORD}}, ("email", "password")),
        ({**registration, "email": f"a\x00{_EMAIL}"}, ("email",)),
        ({**registration, "password": f"{_PASSWORD}\x00"}, ("password",)),
    ]
    cases = [Mistake("/v1/registrations", json, fields) for json, fields in wrong]
    cases += [Mistake("/v1/confirmations", {"token": 7}, ("token",)), Mistake("/v1/confirmations", {}, ("token",))]
    cases += [Mistake("/v1/sessions", {"email": 7}, ("email", "password"))]
    return draw.sample(cases, len(cases))


def bodies_that_are_none(draw: Draws) -> list[Unreadable]:
    """Bytes that are no JSON object, of another type, or too many."""
    good = msgspec.json.encode({"email": _EMAIL, "password": _PASSWORD})
    long = good + b" " * (LONGEST - len(good) + draw.integer(1, 1_000))
    no_json = {
        "no bytes at all": b"",
        "half of an object": good[: draw.integer(1, len(good) - 1)],
        "an object and something behind it": good + b"x",
        "a list": b"[" + good + b"]",
        "a text": b'"email"',
        "null": b"null",
        "names without quotes": b"{email: 1}",
        "a byte that is no UTF-8": good.replace(b"ada", b"ad\xff"),
        "twenty thousand opening brackets": b"[" * 20_000,
    }
    others = ("text/plain", "application/x-www-form-urlencoded", "application/xml", "multipart/form-data; boundary=x")
    return [
        *(Unreadable(what=what, body=body, statuses=(400,)) for what, body in no_json.items()),
        Unreadable(what="half of a pair of surrogates", body=good.replace(b"horse", rb"\ud83d"), statuses=(400, 422)),
        *(
            Unreadable(what=f"JSON that says it is {each}", body=good, statuses=(415,), content_type=each)
            for each in others
        ),
        Unreadable(what=f"{len(long):,} bytes", body=long, statuses=(413,)),
        Unreadable(what=f"{len(long):,} bytes in chunks", body=long, statuses=(413,), chunked=True),
    ]


def whole_bodies() -> list[tuple[str, bytes, str]]:
    """What, bytes and Content-Type of bodies that are right, though unusual."""
    good = msgspec.json.encode({"email": _EMAIL, "password": _PASSWORD})
    return [
        (f"{LONGEST:,} bytes, which is 64 KiB exactly", good + b" " * (LONGEST - len(good)), "application/json"),
        ("white space around the object", b"\r\n\t " + good + b"\n", "application/json"),
        ("a media type with a parameter, in upper case", good, "Application/JSON; charset=UTF-8"),
    ]


def not_there(draw: Draws) -> list[tuple[str, str, int]]:
    """Method, path and status of requests for what does not exist, and with methods that a resource does not have."""
    unknown = [
        ("GET", f"/{draw.word()}"),
        ("GET", "/v1"),
        ("POST", f"/v1/{draw.word()}"),
        ("GET", f"/.well-known/{draw.word()}"),
    ]
    places = ("/v1/registrations", "/v1/confirmations", "/v1/password-resets", "/v1/sessions/refresh")
    other = [(draw.choice(("GET", "DELETE", "PATCH")), place) for place in places] + [
        ("POST", "/.well-known/jwks.json")
    ]
    return [*((method, path, 404) for method, path in unknown), *((method, path, 405) for method, path in other)]
