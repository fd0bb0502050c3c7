"""How often a link was followed, and when."""

import moments
from problem import error, wrong
from starlette.responses import JSONResponse

COUNT = """
SELECT date_trunc($2, hour, 'UTC') AS start, sum(count)::bigint AS count FROM clicks
WHERE code = $1 AND ($3::timestamptz IS NULL OR hour >= $3) AND ($4::timestamptz IS NULL OR hour < $4)
GROUP BY start ORDER BY start
"""


class Clicks:
    def __init__(self, app, links):
        self.database, self.links = app.database, links

    async def read(self, request, caller):
        first, end, by = read_query(request.query_params)
        async with self.database.connection() as sql:
            row = await self.links.found(sql, request.path_params["code"], caller)
            rows = await sql.fetch(COUNT, row["code"], by, first, end)
        items = [{"start": moments.written(row["start"]), "count": row["count"]} for row in rows]
        return JSONResponse({"total": sum(item["count"] for item in items), "items": items})


def read_query(query):
    errors = []
    hours = {}
    for name in ("from", "to"):
        hours[name] = moments.full_hour(query[name]) if name in query else None
        if name in query and hours[name] is None:
            errors.append(error(name, "expected a full hour, like 2026-03-01T12:00:00Z"))
    if hours["from"] and hours["to"] and hours["to"] <= hours["from"]:
        errors.append(error("to", "expected a later hour than from"))
    by = query.get("by", "day")
    if by not in {"hour", "day"}:
        errors.append(error("by", "expected hour or day"))
    if errors:
        raise wrong(errors)
    return hours["from"], hours["to"], by
