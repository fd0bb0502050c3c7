"""By which names a server may be asked that only this machine can reach.

A page from elsewhere can make its own name lead to 127.0.0.1 and then read, as if it were its own, what is served there (DNS
rebinding). Its requests still name it in ``Host``. So what is bound to loopback answers only to names that can't be somebody else's:
addresses of loopback, and localhost (RFC 6761, 6.3).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection

from climb.systems.http.answer import Answer, plain
from climb.systems.http.head import Head
from climb.systems.http.resource import METHODS, Find, Resource

__all__ = ["is_loopback", "only_named"]

_NAME = re.compile(r"\[([^]]*)\](?::[0-9]*)?|([^:]*)(?::[0-9]*)?")  # the port may be a tunnel's


def only_named(find: Find, names: Collection[str]) -> Find:
    """Return what finds resources for requests that name this machine, or one of these names; for others a refusal."""
    known = {name.lower().rstrip(".") for name in names}

    def found(head: Head) -> Resource | Answer | None:
        value = (head.fields.first(b"host") or b"").decode("latin-1")
        return find(head) if _is_ours(value, known) else _REFUSED

    return found


def _is_ours(value: str, known: Collection[str]) -> bool:
    match = _NAME.fullmatch(value)
    if match is None:
        return False
    name = (match[1] or match[2] or "").lower().rstrip(".")
    return name == "localhost" or name.endswith(".localhost") or name in known or is_loopback(name)


def is_loopback(address: str) -> bool:
    """Tell whether this is an address that no other machine can reach."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return (mapped or ip).is_loopback


_REFUSED = Resource(
    methods=tuple(METHODS),
    answer=lambda _: plain(421, "This server answers on this machine only, as localhost or 127.0.0.1."),
)
