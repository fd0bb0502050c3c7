"""Addresses of dependencies: the same one with another host, port, user or database, and what a proxy can stand before."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from climb.errors import SetupError

__all__ = ["endpoint", "moved"]


def moved(
    url: str,
    *,
    at: tuple[str, int] | None = None,
    login: tuple[str, str] | None = None,
    path: str | None = None,
) -> str:
    """``url`` with another host and port, user and password, or path; an empty user and password leave none."""
    parts = urlsplit(url)
    who, _, where = parts.netloc.rpartition("@")
    if login is not None:
        who = ":".join(login) if any(login) else ""
    if at is not None:
        where = f"{at[0]}:{at[1]}"
    return parts._replace(
        netloc=f"{who}@{where}" if who else where, path=parts.path if path is None else f"/{path}"
    ).geturl()


def endpoint(url: str, *, origin: str, default_port: int) -> tuple[str, int]:
    """Where the server of ``url`` listens; raises SetupError, naming ``origin``, if no proxy can stand before it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SetupError(f"{origin} is no address: its host or its port can't be read") from error
    if not parts.hostname:
        raise SetupError(f"{origin} names no host; the judge's proxy needs one to connect to")
    if _checks_names(parts):
        raise SetupError(
            f"{origin} wants TLS with the server's own name, which no proxy can stand before",
            next_step=f"unset {origin}; the judge starts a server of its own",
        )
    return parts.hostname, default_port if port is None else port


def _checks_names(parts: SplitResult) -> bool:
    return parts.scheme in {"rediss", "valkeys"} or "sslmode=verify" in parts.query
