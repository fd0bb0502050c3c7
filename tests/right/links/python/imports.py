"""Many links at a time: the good lines are made together."""

import json

import codes
import moments
from body import read_body, read_object
from fields import errors_of
from once import once
from problem import Problem, error
from starlette.responses import Response

MOST_BYTES = 4 * 1024 * 1024
MOST_LINES = 10_000
PATIENCE_S = 60
ND = "application/x-ndjson"
MAKE = """
INSERT INTO links (code, owner, url, expires_at)
SELECT code, $1, url, expires_at FROM unnest($2::text[], $3::text[], $4::timestamptz[]) AS given (code, url, expires_at)
ON CONFLICT DO NOTHING RETURNING code
"""
TAKEN = [error("code", "is taken")]


class Imports:
    def __init__(self, app):
        self.database, self.targets = app.database, app.targets

    async def make(self, request, caller):
        body = await read_body(request, ND, MOST_BYTES)
        lines = lines_of(body)
        results = [self.read(line) for line in lines]
        async with self.database.transaction(PATIENCE_S) as sql, once(sql, request, caller, body) as work:
            if not work.answered:
                await self.made(sql, caller, results)
                await work.store(Response(written(results), 200, media_type=ND))
        return work.response

    def read(self, line: bytes) -> dict:
        try:
            given = read_object(line)
        except ValueError:
            return {"errors": [error("", "is no JSON object")]}
        errors = errors_of(given, self.targets)
        return {"errors": errors} if errors else given

    async def made(self, sql, caller, results: list[dict]):
        """Gives each good line its code, or the error that it is taken."""
        open_lines, codes_seen = [], set()
        for line in results:
            if "errors" not in line:
                line["chosen"] = "code" in line
                if line["chosen"] and line["code"] in codes_seen:
                    line["errors"] = TAKEN
                else:
                    open_lines.append(line)
                    codes_seen.add(line.get("code"))
        while open_lines:
            for line in open_lines:
                line["code"] = line["code"] if line["chosen"] else codes.drawn()
            made = await self.insert(sql, caller, open_lines)
            for line in open_lines:
                if line["code"] not in made and line["chosen"]:
                    line["errors"] = TAKEN
            open_lines = [line for line in open_lines if line["code"] not in made and not line["chosen"]]

    async def insert(self, sql, caller, lines: list[dict]) -> set[str]:
        lines = sorted(lines, key=lambda line: line["code"])  # in one order, so that no two imports wait for each other
        ends = [moments.read(line.get("expires_at")) for line in lines]
        rows = await sql.fetch(
            MAKE, caller.sub, [line["code"] for line in lines], [line["url"] for line in lines], ends
        )
        return {row["code"] for row in rows}


def lines_of(body: bytes) -> list[bytes]:
    lines = body.removesuffix(b"\n").split(b"\n") if body else []
    if not lines or not body.strip():
        raise Problem(422, "there are no lines", [error("", "expected a line")])
    if len(lines) > MOST_LINES:
        raise Problem(413, f"more than {MOST_LINES} lines")
    return lines


def written(results: list[dict]) -> bytes:
    lines = []
    for number, line in enumerate(results, 1):
        told = {"errors": line["errors"]} if "errors" in line else {"code": line["code"]}
        lines.append(json.dumps({"line": number, **told}) + "\n")
    return "".join(lines).encode()
