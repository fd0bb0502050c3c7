"""Single requests of the benchmark of the services, and the links that it follows."""

from __future__ import annotations

import contextlib
import http.client
import json
from typing import Any

import race
from services_sides.servers import ADMIN, TARGET

from climb.judge.load import HttpRequest

LINKS = tuple(f"link{number:03}" for number in range(100))


def request(method: str, path: str, body: bytes = b"", token: str = "", *, name: str) -> HttpRequest:
    """One for a load."""
    return HttpRequest(data=written(method, path, body, token), name=name, method=method)


def written(method: str, path: str, body: bytes, token: str) -> bytes:
    """Its bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def asked(port: int, method: str, path: str, given: object, token: str, status: int) -> Any:
    """The JSON that is answered; WrongAnswerError for another status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    fields = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    with contextlib.closing(connection):
        connection.request(method, path, json.dumps(given), fields)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != status:
            raise race.WrongAnswerError(f"{method} {path}: {answer.status} {content[:300]!r}")
        return json.loads(content)


def make_links(port: int, token: str) -> None:
    """All of LINKS."""
    for code in LINKS:
        asked(port, "POST", "/v1/links", {"url": TARGET, "code": code}, token, 201)


def logged_in(port: int) -> str:
    """An access token of the administrator's."""
    given = {"email": ADMIN[0], "password": ADMIN[1]}
    return str(asked(port, "POST", "/v1/sessions", given, "", 200)["access_token"])
