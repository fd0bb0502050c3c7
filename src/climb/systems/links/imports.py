"""Many links at once: each line is judged by itself, and the good ones are made in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from climb.stack.database.connection import Connection
from climb.stack.http.problems import FieldError, Problem, busy, invalid
from climb.systems.links.bearers import bearer
from climb.systems.links.bodies import Bodies, NewLink
from climb.systems.links.codes import new_code
from climb.systems.links.routes import Parts, demand_type
from climb.systems.links.store import add_links

__all__ = ["IMPORT_BYTES", "IMPORT_PATH", "Imports", "Line"]

IMPORT_PATH = "/v1/imports"
IMPORT_BYTES = 4 * 1024 * 1024
_NDJSON = "application/x-ndjson"
_MOST_LINES = 10_000
_WITHIN_S = 12.0
_READ_AT_ONCE = 50  # lines, which take about a millisecond: others are answered between them
_WRITTEN_AT_ONCE = 1000
_TRIES = 20


@dataclass
class Line:
    """A line of an import: what is wrong with it, or the link that it makes."""

    number: int
    new: NewLink | None = None
    code: str = ""
    errors: Sequence[FieldError] = ()

    def answer(self) -> dict[str, Any]:
        """What becomes of it."""
        return {"line": self.number, "errors": self.errors} if self.errors else {"line": self.number, "code": self.code}


@dataclass
class _Making:
    """The lines that make links, and the codes that they have chosen so far."""

    lines: list[Line] = field(default_factory=list)
    codes: set[str] = field(default_factory=set)

    def take(self, line: Line) -> None:
        """Let a line make its link, unless one before it has the same code."""
        assert line.new is not None
        code = line.new.code or self._drawn()
        if code in self.codes:
            line.errors = (FieldError("code", "is that of a line before"),)
            return
        line.code = code
        self.codes.add(code)
        self.lines.append(line)

    def _drawn(self) -> str:
        while (code := new_code()) in self.codes:
            pass
        return code


class Imports:
    """The route."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """One."""
        return [Route(IMPORT_PATH, self.make, methods=["POST"])]

    async def make(self, request: Request) -> Response:
        """Make many links."""
        claims = await bearer(request, self._parts.keys)
        demand_type(request, _NDJSON)
        texts = _lines(await request.body())
        now = datetime.now(UTC)
        lines = [Line(number) for number in range(1, len(texts) + 1)]
        for first in range(0, len(texts), _READ_AT_ONCE):
            for line, text in zip(lines[first : first + _READ_AT_ONCE], texts[first:], strict=False):
                _read(line, text, self._parts.bodies, now)
            await asyncio.sleep(0)

        async def work(connection: Connection) -> Response:
            await _make_all(connection, lines, claims.sub, now)
            content = b"\n".join(msgspec.json.encode(line.answer()) for line in lines) + b"\n"
            return Response(content, media_type=_NDJSON)

        return await self._parts.idempotency.answered(request, claims.sub, now, work, within_s=_WITHIN_S)


def _lines(body: bytes) -> list[bytes]:
    if not body.strip():
        raise invalid(("", "expected a line at least"))
    texts = body.removesuffix(b"\n").split(b"\n")
    if len(texts) > _MOST_LINES:
        raise Problem(413, f"the body has more than {_MOST_LINES} lines")
    return texts


def _read(line: Line, text: bytes, bodies: Bodies, now: datetime) -> None:
    try:
        document = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        document = None
    if not isinstance(document, dict):
        line.errors = (FieldError("", "expected a JSON object"),)
        return
    try:
        line.new = bodies.new(document, now)
    except Problem as problem:
        line.errors = problem.errors


async def _make_all(connection: Connection, lines: Sequence[Line], owner: str, now: datetime) -> None:
    """Make what can be made. A random code that is taken is drawn anew; a chosen one is an error of its line."""
    waiting = [line for line in lines if line.new is not None]
    making = _Making()
    for _ in range(_TRIES):
        making.lines = []
        for line in waiting:
            making.take(line)
        for first in range(0, len(making.lines), _WRITTEN_AT_ONCE):
            await _make_some(connection, making.lines[first : first + _WRITTEN_AT_ONCE], owner, now)
        waiting = [line for line in making.lines if not line.code and not line.errors]
        if not waiting:
            return
    raise busy("no code was free")


async def _make_some(connection: Connection, lines: Sequence[Line], owner: str, now: datetime) -> None:
    news = [line.new for line in lines if line.new is not None]
    found = await add_links(
        connection,
        codes=[line.code for line in lines],
        urls=[new.url for new in news],
        ends=[new.expires_at for new in news],
        owner=owner,
        created_at=now,
    )
    made = {row["code"] for row in found}
    for line in lines:
        if line.code in made:
            continue
        line.code = ""
        if line.new is not None and line.new.code is not None:
            line.errors = (FieldError("code", "is taken"),)
