"""What is asked and what is known: a byte per host and port, and nothing else that grows with the scan."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["CLOSED", "FILTERED", "NAMES", "OPEN", "UNKNOWN", "Board"]

UNKNOWN, OPEN, CLOSED, FILTERED = range(4)
NAMES = ("unknown", "open", "closed", "filtered")  # the words of ``model.State``, by code


class Board:
    """The answers of some hosts for some ports.

    ``codes[place]`` is one of the constants above, where ``place = number of the port * hosts + number of the host``:
    neighbours are different hosts, so that no host gets its probes in one burst. ``UNKNOWN`` remains only where the
    scan was stopped. ``rtts_ms`` holds the round trip of each open place.
    """

    __slots__ = ("addresses", "codes", "ports", "rtts_ms")

    def __init__(self, addresses: Sequence[str], ports: Sequence[int]) -> None:
        """Know nothing of any port of these hosts."""
        self.addresses = addresses
        self.ports = ports
        self.codes = bytearray(len(addresses) * len(ports))
        self.rtts_ms: dict[int, float] = {}

    def __repr__(self) -> str:
        counts = ", ".join(f"{self.count(code)} {name}" for code, name in enumerate(NAMES))
        return f"<Board {len(self.addresses)} hosts × {len(self.ports)} ports: {counts}>"

    def count(self, code: int) -> int:
        """Return how many places have this code."""
        return self.codes.count(code)

    def where(self, place: int) -> tuple[str, int]:
        """Return address and port of a place."""
        port, host = divmod(place, len(self.addresses))
        return self.addresses[host], self.ports[port]

    def places(self, code: int) -> Iterator[int]:
        """Yield the places with this code, at the price of those places only."""
        place = self.codes.find(code)
        while place >= 0:
            yield place
            place = self.codes.find(code, place + 1)

    def answer(self, place: int, code: int) -> bool:
        """Enter an answer; the first one stands, and only that one returns true."""
        if self.codes[place]:
            return False
        self.codes[place] = code
        return True

    def give_up(self) -> None:
        """What has not answered counts as filtered from now on."""
        self.codes = self.codes.replace(bytes([UNKNOWN]), bytes([FILTERED]))
