"""Closed windows as the processor tells them, and the connection over which they are asked for."""

from __future__ import annotations

import http.client
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec

from climb.systems.processor.pipeline.errors import EdgeError
from climb.systems.processor.pipeline.model import Aggregate

__all__ = ["Page", "Results", "Row", "Unavailable", "chosen"]

_WITHIN_S = 30.0


class Unavailable(EdgeError):
    """A sink or the processor does not take or answer now; it may do so later."""


class Row(msgspec.Struct, frozen=True):
    """A closed window, in the brief's words."""

    sensor: str
    start: int
    end: int
    count: int
    sum: float
    min: float
    max: float
    mean: float
    p50: float
    p95: float
    p99: float
    first_ts: int
    last_ts: int


class Page(msgspec.Struct, frozen=True):
    """Windows in order, and the cursor behind them."""

    windows: list[Row]
    next: str | None = None


def chosen(row: Row, aggregates: Sequence[Aggregate]) -> dict[str, Any]:
    """A row with those aggregates only, as what is written; sensor, start and end are always there."""
    return {
        "sensor": row.sensor,
        "start": row.start,
        "end": row.end,
        **{name: getattr(row, name) for name in aggregates},
    }


class Results:
    """``GET /windows``, over a connection that is kept; for one thread."""

    def __init__(self, port: int, *, host: str = "127.0.0.1") -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=_WITHIN_S)
        self._decode = msgspec.json.Decoder(Page).decode

    def page(self, after: str | None, limit: int) -> Page:
        """The windows behind a cursor; raise Unavailable if there is no answer, EdgeError if it is none that we know."""
        query = {"limit": str(limit)} | ({"after": after} if after is not None else {})
        try:
            self._connection.request("GET", f"/windows?{urlencode(query)}")
            answer = self._connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise Unavailable(f"the processor does not answer: {error}") from error
        if answer.status == 503:
            raise Unavailable("the processor is not ready")
        if answer.status != 200:
            raise EdgeError(f"GET /windows was answered with {answer.status}: {body[:200].decode(errors='replace')}")
        try:
            return self._decode(body)
        except msgspec.MsgspecError as error:
            raise EdgeError(f"GET /windows was answered with what is no page: {error}") from error

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
