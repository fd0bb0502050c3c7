"""Targets: addresses, blocks, ranges and names, each host once, never all in memory.

A block may hold millions of hosts, so targets are kept as intervals of integers. Overlapping intervals are merged,
which makes "scanned once" true without remembering each host. A name is an interval of one with a label on it.
"""

from __future__ import annotations

import _socket

from climb.systems.scanner.errors import ScanUsageError
from climb.systems.scanner.light import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Resolver = Callable[[str], str]

__all__ = ["Host", "Targets", "parse_targets", "resolve"]

MOST_HOSTS = 65_536  # a /16: more than this is more often a slip of the finger than a wish
MOST_HOSTS_EVER = 2**32
EXAMPLE = "a target is 192.0.2.7, 2001:db8::7, a host name, a block 192.0.2.0/29 or a range 192.0.2.1-20"

IPV4, IPV6 = int(_socket.AF_INET), int(_socket.AF_INET6)
BITS = {IPV4: 32, IPV6: 128}


class Host(NamedTuple):
    """One host to scan: what to call it and where it is."""

    label: str
    address: str
    family: int
    loopback: bool

    @property
    def named(self) -> bool:
        """Whether the user gave a name, which then goes into ``Host:`` headers and TLS."""
        return self.label != self.address


class Interval(NamedTuple):
    """Neighbouring addresses of one family, both ends included."""

    family: int
    first: int
    last: int


class Targets:
    """Hosts, each once, in address order; iterating is lazy and may be repeated."""

    def __init__(self, intervals: Iterable[Interval], labels: dict[tuple[int, int], str] | None = None) -> None:
        self._intervals = _merged(intervals)
        self._labels = labels or {}

    @property
    def count(self) -> int:
        """How many hosts there are."""
        return sum(last - first + 1 for _, first, last in self._intervals)

    def __iter__(self) -> Iterator[Host]:
        for family, first, last in self._intervals:
            for value in range(first, last + 1):
                yield self._host(family, value)

    def host_at(self, address: str) -> Host:
        """The host with this address."""
        family = IPV6 if ":" in address else IPV4
        return self._host(family, int.from_bytes(_socket.inet_pton(family, address), "big"))

    def _host(self, family: int, value: int) -> Host:
        address = _shown(family, value)
        return Host(self._labels.get((family, value), address), address, family, _is_loopback(family, value))


def parse_targets(words: Iterable[str], *, resolver: Resolver | None = None, allow_many: bool = False) -> Targets:
    """The hosts that *words* name.

    Raises ScanUsageError for a word that can't be a target, for a name that does not resolve, and, unless
    *allow_many*, for more than 65,536 hosts.
    """
    intervals: list[Interval] = []
    labels: dict[tuple[int, int], str] = {}
    for word in words:
        interval, label = _parse(word, resolver or resolve)
        intervals.append(interval)
        if interval.first == interval.last:
            labels.setdefault((interval.family, interval.first), label)
    if not intervals:
        raise ScanUsageError(f"no target: {EXAMPLE}")
    targets = Targets(intervals, labels)
    _refuse_too_many(targets.count, allow_many=allow_many)
    return targets


def resolve(name: str) -> str:
    """The first address that the system's resolver gives for *name*."""
    try:
        answers = _socket.getaddrinfo(name, None, type=_socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it can't be a name"
        raise ScanUsageError(f"{name!r} does not resolve ({reason}): check the spelling or give an address") from error
    return str(answers[0][4][0])


def _parse(word: str, resolver: Resolver) -> tuple[Interval, str]:
    start, _, octets = word.rpartition(".")
    first, dash, last = octets.partition("-")
    if dash and all(map(_is_number, [*start.split("."), first, last])):
        return _octet_range(word, start, first, last), word
    if "/" in word:
        return _block(word), word
    if ":" in word or not word.strip("0123456789.-"):
        return _single(word, word)
    if not _can_be_name(word):
        raise ScanUsageError(f"{word!r} can't be a target: {EXAMPLE}")
    interval, _ = _single(resolver(word), word)
    return interval, word


def _single(address: str, word: str) -> tuple[Interval, str]:
    plain, _, scope = address.partition("%")
    parsed = _address(plain)
    if parsed is None:
        raise ScanUsageError(f"{word!r} can't be a target: {EXAMPLE}")
    if scope:
        raise ScanUsageError(f"{word!r} needs an interface, which this scanner can't choose: give a global address")
    family, value = parsed
    return Interval(family, value, value), _shown(family, value)


def _block(word: str) -> Interval:
    base, _, length = word.partition("/")
    parsed = _address(base)
    if parsed is None or not _is_number(length) or len(length) > 3 or int(length) > BITS[parsed[0]]:
        advice = "the mask as a length, 192.0.2.0/29" if "." in length else "192.0.2.0/29 or 2001:db8::/120"
        raise ScanUsageError(f"{word!r} can't be a block of addresses: write {advice}")
    family, value = parsed
    others = (1 << BITS[family] - int(length)) - 1  # 192.0.2.5/29 is the block that holds that address
    return Interval(family, value & ~others, value | others)


def _octet_range(word: str, start: str, first: str, last: str) -> Interval:
    low, _ = _single(f"{start}.{first}", word)
    high, _ = _single(f"{start}.{last}", word)
    if low.first > high.first:
        raise ScanUsageError(f"{word!r} runs backwards: write {start}.{last}-{first}")
    return Interval(low.family, low.first, high.first)


def _address(text: str) -> tuple[int, int] | None:
    """The family and the number of an address; None if that is none."""
    family = IPV6 if ":" in text else IPV4
    try:
        return family, int.from_bytes(_socket.inet_pton(family, text), "big")
    except (OSError, ValueError):  # a character that no address has, such as NUL
        return None


def _shown(family: int, value: int) -> str:
    return _socket.inet_ntop(family, value.to_bytes(BITS[family] // 8, "big"))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _can_be_name(word: str) -> bool:
    labels = word.removesuffix(".").split(".")
    return len(word) <= 253 and all(map(_can_be_label, labels))


def _can_be_label(label: str) -> bool:
    """Letters of any script, digits, hyphens inside; underscores stand in some names, although not in host names."""
    hyphens = label.startswith("-") or label.endswith("-")
    return 1 <= len(label) <= 63 and not hyphens and all(sign.isalnum() or sign in "-_" for sign in label)


def _merged(intervals: Iterable[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for family, first, last in sorted(intervals):
        if merged and merged[-1].family == family and first <= merged[-1].last + 1:
            before = merged.pop()
            merged.append(Interval(before.family, before.first, max(before.last, last)))
        else:
            merged.append(Interval(family, first, last))
    return merged


def _is_loopback(family: int, value: int) -> bool:
    return value >> 24 == 127 if family == IPV4 else value == 1


def _refuse_too_many(count: int, *, allow_many: bool) -> None:
    if count > MOST_HOSTS_EVER:
        raise ScanUsageError(f"{count:,} hosts can't be scanned: give a smaller block, for example 2001:db8::/112")
    if count > MOST_HOSTS and not allow_many:
        raise ScanUsageError(f"{count:,} hosts are more than a /16 ({MOST_HOSTS:,}): add --yes if you mean it")
