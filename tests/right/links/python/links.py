"""Making, reading, changing and deleting links."""

import time

import codes
import moments
import tags
from body import json_body
from entry import Entry
from fields import errors_of
from once import once
from problem import Problem, unknown, wrong
from starlette.responses import JSONResponse, Response

LINK = "links.*, coalesce((SELECT sum(count) FROM clicks WHERE clicks.code = links.code), 0)::bigint AS clicks"
FIND = f"SELECT {LINK} FROM links WHERE code = $1 AND deleted_at IS NULL"
MAKE = "INSERT INTO links (code, owner, url, expires_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING *, 0 AS clicks"
CHANGE = "UPDATE links SET url = $2, expires_at = $3, version = version + 1 WHERE code = $1"
DELETE = "UPDATE links SET deleted_at = now(), version = version + 1 WHERE code = $1 RETURNING *"


class Links:
    def __init__(self, app):
        self.database, self.following = app.database, app.following
        self.public_url, self.targets = app.settings.public_url, app.targets

    def shown(self, row) -> dict:
        return {
            "code": row["code"],
            "short_url": self.short_url(row),
            "url": row["url"],
            "owner": row["owner"],
            "created_at": moments.written(row["created_at"]),
            "expires_at": moments.written(row["expires_at"]),
            "clicks": row["clicks"],
        }

    def short_url(self, row) -> str:
        return f"{self.public_url}/{row['code']}"

    def answer(self, row) -> Response:
        return JSONResponse(self.shown(row), headers={"ETag": tags.tag_of(row)})

    async def make(self, request, caller) -> Response:
        body, given = await json_body(request)
        errors = errors_of(given, self.targets)
        if errors:
            raise wrong(errors)
        async with self.database.transaction() as sql, once(sql, request, caller, body) as work:
            if not work.answered:
                row = await self.made(sql, caller, given)
                location = {"Location": f"/v1/links/{row['code']}"}
                await work.store(JSONResponse(self.shown(row), 201, location))
        return work.response

    async def made(self, sql, caller, given: dict):
        ends = moments.read(given.get("expires_at"))
        while True:
            code = given.get("code") or codes.drawn()
            row = await sql.fetchrow(MAKE, code, caller.sub, given["url"], ends)
            if row is not None:
                return row
            if "code" in given:
                raise Problem(409, "this code is taken")

    async def found(self, sql, code: str, caller, lock: str = ""):
        """The link, if it is this caller's."""
        row = await sql.fetchrow(f"{FIND} {lock}", code) if codes.CHOSEN.fullmatch(code) else None
        if row is None or not (caller.admin or row["owner"] == caller.sub):
            raise unknown()
        return row

    async def read(self, request, caller) -> Response:
        async with self.database.connection() as sql:
            row = await self.found(sql, request.path_params["code"], caller)
        known = request.headers.get("if-none-match")
        if known is not None and tags.names(known, tags.tag_of(row), weak=True):
            return Response(status_code=304, headers={"ETag": tags.tag_of(row)})
        return self.answer(row)

    async def change(self, request, caller) -> Response:
        _, given = await json_body(request)
        errors = errors_of(given, self.targets, known=("url", "expires_at"), needed=())
        if errors:
            raise wrong(errors)
        code, condition = request.path_params["code"], request.headers.get("if-match")
        async with self.database.transaction() as sql:
            row = await self.found(sql, code, caller, "FOR UPDATE")
            if condition is not None and not tags.names(condition, tags.tag_of(row), weak=False):
                raise Problem(412, "the link has changed since")
            began = time.time()
            url = given.get("url", row["url"])
            ends = moments.read(given["expires_at"]) if "expires_at" in given else row["expires_at"]
            await sql.execute(CHANGE, code, url, ends)
            row = await self.found(sql, code, caller)
        await self.following.changed(code, Entry.of(row, began))
        return self.answer(row)

    async def delete(self, request, caller) -> Response:
        code = request.path_params["code"]
        async with self.database.transaction() as sql:
            await self.found(sql, code, caller, "FOR UPDATE")
            began = time.time()
            row = await sql.fetchrow(DELETE, code)
        await self.following.changed(code, Entry.of(row, began))
        return Response(status_code=204)
