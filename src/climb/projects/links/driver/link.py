"""A link as the service shows it, read strictly."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer

__all__ = ["Link", "LinkPage", "link_in", "read_as"]

T = TypeVar("T")

_SHOWN = 400
_WHY = "Clients rely on the names and types of the contract."


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A link, with all that the contract says of it."""

    code: str
    short_url: str
    url: str
    owner: str
    created_at: str
    expires_at: str | None
    clicks: int


class LinkPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the list."""

    items: tuple[Link, ...]
    next: str | None


def link_in(answer: Answer) -> Link:
    """The link in an answer; fails the check if there is none, or it has another form."""
    return read_as(answer, Link, '{"code", "short_url", "url", "owner", "created_at", "expires_at", "clicks"}')


def read_as(answer: Answer, kind: type[T], form: str) -> T:
    """The body as a value of this type; fails the check if it is none. ``form`` says in words what it should look like."""
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        answer.blame(f"JSON of the form {form}", f"{answer.text[:_SHOWN]}   ({error})", _WHY)
