"""What a scan is asked and what it finds: plain values, shared by every part of the scanner."""

from __future__ import annotations

from enum import StrEnum

from climb.systems.scanner.light import NamedTuple

__all__ = ["NOTHING", "Facts", "Found", "Http", "State", "Summary", "Tls"]


class State(StrEnum):
    """What one probe of a port learned."""

    OPEN = "open"  # the handshake completed
    CLOSED = "closed"  # the answer was a refusal (RST)
    FILTERED = "filtered"  # no answer in time, or an answer that says "unreachable"


class Http(NamedTuple):
    """The answer to ``GET /``: what a person would look at first."""

    status: int | None = None
    server: str | None = None
    title: str | None = None
    location: str | None = None


class Tls(NamedTuple):
    """What a TLS handshake told, whether or not the certificate deserves trust."""

    version: str | None = None
    subject: str | None = None
    issuer: str | None = None
    not_after: str | None = None
    alpn: str | None = None


class Facts(NamedTuple):
    """What is known of what answers on a port: by one conversation, or by all of them."""

    service: str | None = None
    banner: str | None = None
    http: Http | None = None
    tls: Tls | None = None
    os: str | None = None


NOTHING = Facts()


class Found(NamedTuple):
    """One port of one host. ``host`` is what the user named, ``address`` what was probed."""

    host: str
    port: int
    state: State
    rtt_ms: float | None = None
    service: str | None = None
    banner: str | None = None
    http: Http | None = None
    tls: Tls | None = None
    address: str | None = None
    os: str | None = None  # a hint only, and only where the answer allows one
    reason: str | None = None  # what the state was read from: "syn-ack", "rst", "no-response", …


class Summary(NamedTuple):
    """What the whole scan amounts to; counts are of host-port pairs, ``elapsed_s`` in seconds."""

    hosts: int
    ports: int
    open: int
    closed: int
    filtered: int
    elapsed_s: float
