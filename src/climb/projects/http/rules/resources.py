"""What the server has, and which methods each of it has."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["COUNT", "ECHO", "FILES", "HEALTH", "METHODS", "MIRROR", "allowed", "not_had"]

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
HEALTH = ("GET", "HEAD")
MIRROR = METHODS
ECHO = ("POST", "PUT")
COUNT = ("GET", "HEAD")
FILES = ("GET", "HEAD")


def not_had(had: Iterable[str]) -> tuple[str, ...]:
    """The methods of the contract that a resource with these does not have."""
    return tuple(method for method in METHODS if method not in had)


def allowed(value: str) -> list[str]:
    """What an Allow field names: a list of methods with optional white space (RFC 9110, 10.2.1 and 5.6.1), sorted."""
    return sorted(name for name in (part.strip(" \t") for part in value.split(",")) if name)
