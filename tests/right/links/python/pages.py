"""The list of an owner's links, page by page."""

import base64
import re

from links import LINK
from problem import error, wrong
from starlette.responses import JSONResponse

MOST, USUAL = 200, 50
LONGEST = 200
AFTER_ALL = 2**62
PAGE = f"""
SELECT {LINK} FROM links
WHERE owner = $1 AND deleted_at IS NULL AND number < $2
AND ($3 = '' OR position(lower($3 COLLATE "C") IN lower(url COLLATE "C")) > 0
     OR position(lower($3 COLLATE "C") IN lower(code COLLATE "C")) > 0)
ORDER BY number DESC LIMIT $4
"""


class Pages:
    def __init__(self, app, links):
        self.database, self.links = app.database, links

    async def list(self, request, caller):
        limit, before, wanted = read_query(request.query_params)
        async with self.database.connection() as sql:
            rows = await sql.fetch(PAGE, caller.sub, before, wanted, limit + 1)
        more = len(rows) > limit
        rows = rows[:limit]
        items = [self.links.shown(row) for row in rows]
        return JSONResponse({"items": items, "next": cursor(rows[-1]["number"]) if more else None})


def read_query(query) -> tuple[int, int, str]:
    errors = []
    limit, after, wanted = query.get("limit", str(USUAL)), query.get("after"), query.get("q", "")
    if not re.fullmatch(r"[0-9]{1,3}", limit) or not 1 <= int(limit) <= MOST:
        errors.append(error("limit", f"expected 1 to {MOST}"))
    before = AFTER_ALL if after is None else number_of(after)
    if before is None:
        errors.append(error("after", "expected the next of the page before"))
    if len(wanted) > LONGEST or "\0" in wanted:
        errors.append(error("q", f"expected at most {LONGEST} characters"))
    if errors:
        raise wrong(errors)
    return int(limit), before, wanted


def cursor(number: int) -> str:
    return base64.urlsafe_b64encode(f"o{number}".encode()).decode().rstrip("=")


def number_of(after: str) -> int | None:
    try:
        text = base64.urlsafe_b64decode(after.encode() + b"=" * (-len(after) % 4)).decode()
    except ValueError:
        return None
    number = int(text[1:]) if re.fullmatch(r"o[0-9]{1,18}", text) else None
    return number if number is not None and cursor(number) == after else None
