"""Which host a result belongs to, and the order in which people expect hosts."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from climb.systems.scanner.model import Found

__all__ = ["Host"]


class Host(NamedTuple):
    """A host as the user named it and the address that was probed; the same text if an address was named."""

    name: str
    address: str

    @classmethod
    def of(cls, found: Found) -> Host:
        return cls(found.host, found.address or found.host)

    @property
    def title(self) -> str:
        return self.name if self.name == self.address else f"{self.name} ({self.address})"

    @property
    def rank(self) -> tuple[int, int, str]:
        """Sorts addresses as numbers, IPv4 first, and what is no address last, by name."""
        try:
            address = ipaddress.ip_address(self.address)
        except ValueError:
            return (9, 0, self.name)
        return (address.version, int(address), self.name)
