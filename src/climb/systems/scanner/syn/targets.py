"""Who is probed, from which of our addresses, and the bytes that are prepared once per host."""

from __future__ import annotations

import _socket
import struct

from climb.systems.scanner.syn.cookie import secret
from climb.systems.scanner.syn.packets import template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from climb.systems.scanner.syn.cookie import Key

__all__ = ["Destination", "Targets", "resolve"]

FAMILY = {4: _socket.AF_INET, 16: _socket.AF_INET6}  # by the length of a packed address
_NAME4 = struct.Struct("@H2x4s8x")  # struct sockaddr_in
_NAME6 = struct.Struct("@H6x16sI")  # struct sockaddr_in6
_DISCARD = 9  # the port named when the kernel is asked for a route; nothing is sent there


class Destination:
    """An address that the kernel has a route to."""

    __slots__ = ("address", "packed", "scope", "source")

    def __init__(self, address: str, packed: bytes, source: bytes, scope: int) -> None:
        """Join what was named with what the kernel said about it."""
        self.address, self.packed, self.source, self.scope = address, packed, source, scope

    def __repr__(self) -> str:
        return f"<Destination {self.address} from {self.source.hex()}>"


def resolve(address: str) -> Destination | None:
    """Return where probes of this address go and come from, or ``None`` if it can't be reached.

    Connecting a datagram socket sends nothing; it makes the kernel choose route and source address. Raises
    ``ValueError`` for what is no IP address; a zone, as in ``fe80::1%eth0``, is understood.
    """
    bare, _, zone = address.partition("%")
    family = _socket.AF_INET6 if ":" in bare else _socket.AF_INET
    try:
        packed = _socket.inet_pton(family, bare)
    except OSError as error:
        raise ValueError(f"{address!r} is not an IP address") from error
    try:
        scope = _scope(zone)
        asking = _socket.socket(family, _socket.SOCK_DGRAM)
        try:
            asking.connect((bare, _DISCARD) if family == _socket.AF_INET else (bare, _DISCARD, 0, scope))
            source = asking.getsockname()[0].partition("%")[0]
        finally:
            asking.close()
    except OSError:
        return None
    return Destination(address, packed, _socket.inet_pton(family, source), scope)


def _scope(zone: str) -> int:
    if not zone:
        return 0
    return int(zone) if zone.isdigit() else _socket.if_nametoindex(zone)


class Targets:
    """Hosts of one address family, ready to be probed: columns with one entry per host."""

    __slots__ = ("heads", "names", "packed", "secrets")

    def __init__(self, destinations: Sequence[Destination], key: Key, source_port: int) -> None:
        """Prepare the template, the secret and the socket address of each host."""
        self.packed = [to.packed for to in destinations]
        self.secrets = [secret(key, packed) for packed in self.packed]
        self.heads = [
            template(to.source, to.packed, source_port, number)
            for to, number in zip(destinations, self.secrets, strict=True)
        ]
        self.names = [_name(to) for to in destinations]

    def __len__(self) -> int:
        return len(self.packed)


def _name(to: Destination) -> bytes:
    if len(to.packed) == 4:
        return _NAME4.pack(_socket.AF_INET, to.packed)
    return _NAME6.pack(_socket.AF_INET6, to.packed, to.scope)
