"""Request targets: what their path and their query are (RFC 9112, 3.2; RFC 3986, 3), and how a path is written in one."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote_to_bytes

__all__ = ["PLAIN_PATH", "UNRESERVED", "Target", "encoded", "read_target"]

UNRESERVED = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"
PLAIN_PATH = UNRESERVED + "/"
_SCHEME = "http://"


class Target(NamedTuple):
    """A target as the brief reads it: the path decoded once, the query as it was sent."""

    path: str
    query: str


def read_target(target: str) -> Target:
    """Path and query of a well-formed target, of a whole URL too."""
    raw, _, query = target.partition("?")
    if raw.startswith(_SCHEME):
        _, slash, below = raw[len(_SCHEME) :].partition("/")
        raw = slash + below or "/"
    return Target(unquote_to_bytes(raw).decode(), query)


def encoded(text: str, plain: str = UNRESERVED) -> str:
    """``text`` in UTF-8, percent-encoded but for the characters of ``plain``."""
    return "".join(one if one in plain else "".join(f"%{byte:02X}" for byte in one.encode()) for one in text)
