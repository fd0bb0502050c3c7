"""What a conditional request for a file is answered with: RFC 9110, 13.2.2, as the brief takes it over."""

from __future__ import annotations

import msgspec

__all__ = ["Conditions", "status_for"]


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """Which preconditions a request has, and whether each is true of the file; None: the request does not have it."""

    if_match: bool | None = None
    if_unmodified_since: bool | None = None
    if_none_match: bool | None = None
    if_modified_since: bool | None = None

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(held is not None for held in msgspec.structs.astuple(self))


def status_for(conditions: Conditions, *, exists: bool = True) -> int:
    """The status of the answer to a GET or HEAD: 200, 304, 404 or 412."""
    if not exists:
        return 404  # the brief's choice; RFC 9110 would have If-Match: * fail with 412
    required = conditions.if_match if conditions.if_match is not None else conditions.if_unmodified_since
    if required is False:
        return 412
    changed = conditions.if_none_match if conditions.if_none_match is not None else conditions.if_modified_since
    return 304 if changed is False else 200
