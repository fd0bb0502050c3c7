"""Is it still the same: entity tags and conditional requests (RFC 9110, 8.8.3 and 13)."""

from __future__ import annotations

import hashlib
import re

from starlette.requests import Request
from starlette.responses import Response

from climb.stack.http.problems import Problem

__all__ = ["demand_match", "not_modified", "tag"]

_TAG = re.compile(r'\s*(W/)?("[\x21\x23-\x7e\x80-\xff]*")\s*(?:,|$)')


def tag(*state: object) -> str:
    """The strong entity tag of a resource that is the same as long as all of ``state`` is, such as its id and its version."""
    said = "\0".join(repr(part) for part in state).encode()
    return f'"{hashlib.blake2b(said, digest_size=12).hexdigest()}"'


def demand_match(request: Request, current: str | None) -> None:
    """412 if the request wants another state than the ``current`` one, or there must be none and there is (If-Match, If-None-Match).

    The state must be locked or compared again in the statement that changes it; two requests can pass here at the same moment.
    """
    wanted = request.headers.getlist("if-match")
    if wanted and not _matches(wanted, current, weak=False):
        raise Problem(412, "it has changed meanwhile")
    unwanted = request.headers.getlist("if-none-match")
    if unwanted and _matches(unwanted, current, weak=True):
        raise Problem(412, "it is there already")


def not_modified(request: Request, current: str, headers: dict[str, str] | None = None) -> Response | None:
    """The 304 for a GET or HEAD whose client has the ``current`` state; None if it gets an answer as usual."""
    known = request.headers.getlist("if-none-match")
    if known and _matches(known, current, weak=True):
        return Response(status_code=304, headers={**(headers or {}), "ETag": current})
    return None


def _matches(fields: list[str], current: str | None, *, weak: bool) -> bool:
    """Whether one of the listed tags is the current one; ``*`` is any; a weak one counts in weak comparison only (8.8.3.2)."""
    field = ", ".join(fields)
    if field.strip() == "*":
        return current is not None
    position, tags = 0, []
    while found := _TAG.match(field, position):
        tags.append((found[1], found[2]))
        position = found.end()
    return any(opaque == current and (weak or not mark) for mark, opaque in tags)
