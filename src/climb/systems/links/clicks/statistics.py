"""How often a link was followed, and when."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from climb.stack.database.connection import Connection
from climb.stack.database.queries import Queries
from climb.stack.http.answers import moment_text

__all__ = ["clicks_of"]


class _Stretch(msgspec.Struct, frozen=True):
    start: datetime
    count: int


_SQL = Queries(Path(__file__).with_name("clicks.sql"))
_clicks_by = _SQL.rows("clicks_by", _Stretch)


async def clicks_of(
    connection: Connection, code: str, first: datetime | None, end: datetime | None, by: Literal["hour", "day"]
) -> dict[str, Any]:
    """The clicks from one full hour to another, and their sum; hours and days without any are left out."""
    found = await _clicks_by(connection, code=code, first=first, end=end, by=by)
    items = [{"start": moment_text(one.start), "count": one.count} for one in found]
    return {"total": sum(one.count for one in found), "items": items}
