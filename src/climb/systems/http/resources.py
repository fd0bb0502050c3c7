"""The resources of the contract, but for numbers and files: a sign of life, a mirror and an echo."""

from __future__ import annotations

import msgspec

from climb.systems.http.answer import Answer, with_fields
from climb.systems.http.fields import Pairs, text_of
from climb.systems.http.resource import Digest, Request, Resource, Whole

__all__ = ["ECHO", "HEALTH", "MIRROR"]

_JSON = with_fields(("Content-Type", "application/json"))
_OK = Answer(200, b"ok", with_fields(("Content-Type", "text/plain")))
_encode = msgspec.json.Encoder().encode


def _mirror(request: Request) -> Answer:
    head, body = request.head, request.body
    seen = {
        "method": "GET" if head.method == "HEAD" else head.method,  # nobody sees it, and the length is that of a GET
        "target": head.target.decode("ascii"),
        "path": head.path,
        "query": head.query.decode("ascii"),
        "version": f"1.{head.minor}",
        "fields": _texts(head.fields.pairs),
        "body_bytes": body.length,
        "body_sha256": body.sha256,
        "trailers": _texts(request.trailers),
    }
    return Answer(200, _encode(seen), _JSON)


def _texts(pairs: Pairs) -> list[tuple[str, str]]:
    return [(name.decode("ascii"), text_of(value)) for name, value in pairs]


def _echo(request: Request) -> Answer:
    kind = request.head.fields.first(b"content-type") or b"application/octet-stream"
    return Answer(200, request.body.content, b"Content-Type: %b\r\n" % kind)


HEALTH = Resource(methods=("GET", "HEAD"), answer=lambda _: _OK)
MIRROR = Resource(methods=("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"), answer=_mirror, body=Digest)
ECHO = Resource(methods=("POST", "PUT"), answer=_echo, body=Whole)
