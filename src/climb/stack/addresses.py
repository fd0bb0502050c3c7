"""Addresses of caches that others name, read and checked."""

from __future__ import annotations

from urllib.parse import urlsplit

from climb.stack.errors import StackError

__all__ = ["cache_address"]

_SCHEMES = {"redis": "redis", "rediss": "rediss", "valkey": "redis", "valkeys": "rediss"}
_EXAMPLE = "CACHE_URL=redis://127.0.0.1:6379/0"


def cache_address(text: str, *, origin: str) -> str:
    """The address of a Redis or a Valkey as every client of either reads it: with the scheme redis, or rediss for TLS.

    Raises StackError that names ``origin`` and what is wrong, and never a password.
    """
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        raise _wrong(origin, "its host or its port can't be read") from error
    if parts.scheme not in _SCHEMES:
        known = ", ".join(f"{scheme}://" for scheme in _SCHEMES)
        begins = f"it begins with {parts.scheme}://" if "://" in text else "it has no scheme"
        raise _wrong(origin, f"{begins}; known are {known}")
    if not parts.hostname:
        raise _wrong(origin, "it names no host")
    if port == 0:
        raise _wrong(origin, "no server listens on port 0")
    database = parts.path.removeprefix("/")
    if database and not (database.isascii() and database.isdigit()):
        raise _wrong(origin, "what follows the host must be the number of a database, such as /0")
    return parts._replace(scheme=_SCHEMES[parts.scheme]).geturl()


def _wrong(origin: str, why: str) -> StackError:
    return StackError(f"{origin} is not the address of a cache: {why}", next_step=_EXAMPLE)
