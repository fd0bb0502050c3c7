"""Bodies of requests."""

import json

from problem import Problem

MOST = 64 * 1024


async def read_body(request, media_type: str, most: int = MOST) -> bytes:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != media_type:
        raise Problem(415, f"expected {media_type}")
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            raise Problem(413, f"more than {most} bytes", headers={"Connection": "close"})
    return bytes(body)


def read_object(body: bytes) -> dict:
    """Raises ValueError if it is no JSON object."""
    try:
        found = json.loads(body.decode(), parse_constant=refuse)
    except RecursionError as error:
        raise ValueError("too deep") from error
    if not isinstance(found, dict):
        raise ValueError("no object")  # noqa: TRY004
    return found


async def json_body(request) -> tuple[bytes, dict]:
    body = await read_body(request, "application/json")
    try:
        return body, read_object(body)
    except ValueError as error:
        raise Problem(400, "the body is no JSON object") from error


def refuse(name: str):
    raise ValueError(f"{name} is no JSON")
