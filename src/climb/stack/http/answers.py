"""Answers as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.responses import Response

__all__ = ["answer", "moment_text", "nothing"]


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """The value as JSON."""
    return Response(msgspec.json.encode(value), status, headers, "application/json")


def nothing(headers: Mapping[str, str] | None = None) -> Response:
    """Done, and there is nothing to say: 204."""
    return Response(status_code=204, headers=headers)


def moment_text(moment: datetime) -> str:
    """A time as in RFC 3339, in UTC and with a Z; parts of a second only where there are some."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
