"""Port lists: ``80,443,8000-8100`` and back to numbers."""

from __future__ import annotations

from array import array

from climb.systems.scanner.errors import ScanUsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["DEFAULT_PORTS", "parse_ports", "unique_ports"]

DEFAULT_PORTS = "80,443,8000,8008,8080,8081,8443,8888"
HIGHEST = 65535
EXAMPLE = "ports are numbers from 1 to 65535, for example 80,443,8000-8100"


def parse_ports(text: str) -> Sequence[int]:
    """The ports that *text* names, each once, in the order they were first named."""
    return unique_ports(port for item in text.split(",") for port in _item(item.strip()))


def unique_ports(ports: Iterable[int]) -> Sequence[int]:
    """*ports* without repetition, two bytes each; refuses numbers that can't be ports."""
    seen = bytearray(HIGHEST + 1)
    unique = array("H")
    for port in ports:
        if not 1 <= port <= HIGHEST:
            raise ScanUsageError(f"{port} can't be a port: {EXAMPLE}")
        if not seen[port]:
            seen[port] = 1
            unique.append(port)
    if not unique:
        raise ScanUsageError(f"no port is named: {EXAMPLE}")
    return unique


def _item(item: str) -> range:
    first, dash, last = item.partition("-")
    low = _number(first, item)
    high = _number(last, item) if dash else low
    if low > high:
        raise ScanUsageError(f"{item!r} runs backwards: write {high}-{low}")
    return range(low, high + 1)


def _number(text: str, item: str) -> int:
    # int() would also take "+80", "8_0" and digits of other scripts.
    port = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else 0
    if not 1 <= port <= HIGHEST:
        raise ScanUsageError(f"{item!r} can't be a port: {EXAMPLE}")
    return port
