"""Answers that are no problems."""

import json

from starlette.responses import Response

NO_STORE = {"Cache-Control": "no-store"}


def answer(status: int, body=None, headers=None, *, secret: bool = False) -> Response:
    """With ``secret`` nobody on the way may keep it."""
    fields = {**(headers or {}), **(NO_STORE if secret else {})}
    if body is None:
        return Response(None, status, fields)
    return Response(json.dumps(body), status, fields, "application/json")
