"""A mirror's answer in a line, for reports: what is too long is told by its beginning and its length, so that it reads the same wherever it is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from climb.projects.http.driver.mirrored import Mirrored

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer

__all__ = ["understood"]

_LONG = 60
_BEGINNING = 20
_FIELDS = 6


def understood(answer: Answer) -> str | None:
    """How the mirror understood the request; None if this answer is no mirror's."""
    try:
        seen = msgspec.json.decode(answer.body, type=Mirrored)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    request = f"{_clipped(seen.method)} {_clipped(seen.target)} HTTP/{_clipped(seen.version)}"
    return (
        f"understood as {request}, path {_quoted(seen.path)}, fields {_fields(seen)}, body of {seen.body_bytes} bytes"
    )


def _fields(seen: Mirrored) -> str:
    shown = ", ".join(f"{_clipped(name)}: {_quoted(value)}" for name, value in seen.fields[:_FIELDS])
    return f"{shown} and {len(seen.fields) - _FIELDS} more" if len(seen.fields) > _FIELDS else shown


def _quoted(text: str) -> str:
    return msgspec.json.encode(_clipped(text)).decode()


def _clipped(text: str) -> str:
    return text if len(text) <= _LONG else f"{text[:_BEGINNING]}… ({len(text)} characters)"
