"""Imports as they are sent: lines that are good, and lines that are not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.projects.links.driver import Running

__all__ = ["MEDIA_TYPE", "bad_lines", "coded", "joined", "send_import"]

MEDIA_TYPE = "application/x-ndjson"


async def send_import(
    running: Running, body: bytes, *, kind: str = MEDIA_TYPE, fields: Sequence[tuple[str, str]] = (), **options: Any
) -> Answer:
    """The answer to an import of this body; ``options`` are those of ``Running.ask``."""
    return await running.ask("POST", "/v1/imports", body=body, fields=[("Content-Type", kind), *fields], **options)


def joined(lines: Sequence[object]) -> bytes:
    """Each as a line of JSON."""
    return b"\n".join(map(msgspec.json.encode, lines))


def coded(word: str, count: int) -> list[dict[str, Any]]:
    """So many good lines, with codes that begin with this word."""
    return [{"url": f"https://example.org/{word}/{number}", "code": f"{word}-{number}"} for number in range(count)]


def bad_lines(word: str, taken: str) -> list[tuple[bytes, tuple[str, ...]]]:
    """Lines, and the fields that are wrong in them."""
    bodies: list[tuple[dict[str, Any], tuple[str, ...]]] = [
        ({"url": "nowhere"}, ("url",)),
        ({"url": "http://127.0.0.1/"}, ("url",)),
        ({"code": f"{word}-none"}, ("url",)),
        ({"url": "https://example.org/", "code": "x"}, ("code",)),
        ({"url": "https://example.org/", "code": "healthz"}, ("code",)),
        ({"url": "https://example.org/", "code": taken}, ("code",)),
        ({"url": "https://example.org/", "expires_at": "2001-01-01T00:00:00Z"}, ("expires_at",)),
        ({"url": "https://example.org/", word: 1}, (word,)),
        ({"url": 5, "code": "!", "expires_at": 5}, ("url", "code", "expires_at")),
    ]
    others = [b"no JSON", b"[]", b"5", b'{"url": "https://example.org/"', b'{"url": "\xff"}']
    return [*((msgspec.json.encode(body), fields) for body, fields in bodies), *((line, ("",)) for line in others)]
