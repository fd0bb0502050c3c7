"""What an authorization sends back: a client's own redirect_uri, to the letter, with parameters added to its query (RFC 6749, 4.1.2)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

import msgspec

__all__ = ["Returned", "returned"]


class Returned(msgspec.Struct, frozen=True):
    """The parameters that were added, and what is wrong with the address; empty if nothing is."""

    parameters: Mapping[str, str]
    wrong: str = ""


def returned(location: str, redirect_uri: str) -> Returned:
    """What was added to ``redirect_uri``, its own query untouched."""
    base, mark, query = redirect_uri.partition("?")
    head, separator, added = location.partition("?")
    if "#" in location:
        return Returned({}, "it has a fragment")
    if head != base or not separator:
        return Returned({}, f"it does not begin with {base}?")
    if mark and query:
        if not added.startswith(query):
            return Returned({}, f"the client's own query, {query}, is not in front")
        rest = added[len(query) :]
        if rest and not rest.startswith("&"):
            return Returned({}, f"the client's own query, {query}, goes on with {rest[:20]}")
        added = rest.removeprefix("&")
    pairs = parse_qsl(added, keep_blank_values=True, errors="strict")
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        return Returned(dict(pairs), f"{', '.join(twice)} stands there twice")
    return Returned(dict(pairs))
