"""Bodies of requests: JSON objects and forms, of a bounded length."""

import json
from urllib.parse import parse_qsl

from database import not_counted
from problem import Problem

LONGEST_BYTES = 64 * 1024
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


async def read_bytes(request, media_type: str) -> bytes:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != media_type:
        raise Problem(415, f"The body must be {media_type}.")
    body = b""
    with not_counted():
        async for piece in request.stream():
            body += piece
            if len(body) > LONGEST_BYTES:
                raise Problem(413, f"The body has more than {LONGEST_BYTES} bytes.", headers={"Connection": "close"})
    return body


async def read_object(request) -> dict:
    body = await read_bytes(request, JSON)
    try:
        found = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Problem(400, "The body is no JSON.") from None
    if not isinstance(found, dict):
        raise Problem(400, "The body is no JSON object.")
    return found


async def read_fields(request, rules: dict) -> dict:
    """The values by their rules; everything that is wrong is told at once."""
    given = await read_object(request)
    found, errors = {}, {}
    for field, rule in rules.items():
        try:
            found[field] = rule(given[field])
        except KeyError:
            errors[field] = "is missing"
        except ValueError as what:
            errors[field] = str(what)
    errors.update({field: "is not known" for field in given if field not in rules})
    if errors:
        raise Problem(422, "Some fields are wrong.", errors)
    return found


async def read_form(request) -> list[tuple[str, str]]:
    body = await read_bytes(request, FORM)
    return parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict")
