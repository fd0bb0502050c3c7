"""Problem details (RFC 9457), read strictly: what a service says of a request that it refuses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer

__all__ = ["FieldError", "Problem", "demand_fields", "problem"]

_TYPE = "application/problem+json"
_FORM = '{"type": text, "title": text, "status": whole number, …}'
_SHOWN = 300


class FieldError(msgspec.Struct, frozen=True):
    """One field of the request that is wrong."""

    field: str
    message: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong; members that are not known are passed over."""

    type: str
    title: str
    status: int
    detail: str = ""
    errors: tuple[FieldError, ...] = ()

    def fields(self) -> list[str]:
        """The fields that are named, each once, in alphabetical order."""
        return sorted({error.field for error in self.errors})


def problem(answer: Answer) -> Problem:
    """The problem in an answer; fails the check if it is none, or speaks of another status."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _TYPE:
        answer.blame(
            f"Content-Type: {_TYPE}",
            f"Content-Type: {kind}   {answer.text[:_SHOWN]}" if kind else "no Content-Type",
            "A client tells by this type that the body says what is wrong, and in which form (RFC 9457, 3).",
        )
    try:
        found = msgspec.json.decode(answer.body, type=Problem)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        answer.blame(
            _FORM, f"{answer.text[:_SHOWN]!r}   ({error})", "These members are in every problem (RFC 9457, 3.1)."
        )
    if found.status != answer.status:
        answer.blame(
            f'"status": {answer.status}',
            f'"status": {found.status}',
            "The member repeats the status of the answer, for whoever sees the body alone (RFC 9457, 3.1.2).",
        )
    return found


def demand_fields(answer: Answer, fields: Iterable[str], *, why: str) -> None:
    """The problem names these fields and no others."""
    wanted, named = sorted(set(fields)), problem(answer).fields()
    if named != wanted:
        answer.blame(
            f"errors for {', '.join(wanted)}",
            f"errors for {', '.join(named)}   {answer.text[:_SHOWN]}"
            if named
            else f"no errors   {answer.text[:_SHOWN]}",
            why,
        )
