"""Targets: which hosts a list of words means."""

from __future__ import annotations

import ipaddress
import itertools

import pytest
from hypothesis import given, strategies as st

from climb.systems.scanner.errors import ScanUsageError
from climb.systems.scanner.targets import Targets, parse_targets

NAMES = {"a.example": "192.0.2.2", "b.example": "192.0.2.2", "six.example": "2001:db8::7"}


def parse(*words: str, allow_many: bool = False) -> Targets:
    return parse_targets(words, resolver=NAMES.__getitem__, allow_many=allow_many)


def addresses(*words: str) -> list[str]:
    return [host.address for host in parse(*words)]


def test_a_block_has_all_its_addresses() -> None:
    """The first and the last address belong to it, whatever they are called elsewhere."""
    assert addresses("192.0.2.0/30") == ["192.0.2.0", "192.0.2.1", "192.0.2.2", "192.0.2.3"]


def test_a_block_may_be_named_by_any_of_its_addresses() -> None:
    """192.0.2.5/29 is the block that holds that address."""
    assert addresses("192.0.2.5/29") == [f"192.0.2.{last}" for last in range(8)]


@given(st.ip_addresses(), st.data())
def test_a_block_is_what_ipaddress_says(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, data: st.DataObject
) -> None:
    """Of either family, named by any of its addresses."""
    length = data.draw(st.integers(address.max_prefixlen - 8, address.max_prefixlen))
    network = ipaddress.ip_network(f"{address}/{length}", strict=False)

    assert [ipaddress.ip_address(each) for each in addresses(f"{address}/{length}")] == list(network)


def test_a_range_counts_through_the_last_octet() -> None:
    """Both ends are scanned."""
    assert addresses("192.0.2.9-11") == ["192.0.2.9", "192.0.2.10", "192.0.2.11"]


def test_hosts_named_by_several_targets_are_scanned_once() -> None:
    """Blocks, ranges and addresses may overlap or touch."""
    assert addresses("192.0.2.0/31", "192.0.2.1-3", "192.0.2.2") == [f"192.0.2.{last}" for last in range(4)]


def test_ipv6_is_shown_in_its_short_form() -> None:
    """However long it was written."""
    assert addresses("2001:0db8:0:0:0:0:0:7", "::1/127") == ["::", "::1", "2001:db8::7"]


def test_a_name_keeps_its_name() -> None:
    """It is scanned at its address and reported as it was given."""
    (host,) = parse("a.example")

    assert (host.label, host.address, host.named) == ("a.example", "192.0.2.2", True)


def test_the_first_of_two_names_for_one_host_is_kept() -> None:
    """The host is scanned once, under the name that came first."""
    assert [host.label for host in parse("b.example", "a.example")] == ["b.example"]


def test_a_name_stands_out_of_its_block() -> None:
    """The host is scanned once, and the name says more than the block."""
    assert [host.label for host in parse("192.0.2.2/31", "a.example")] == ["a.example", "192.0.2.3"]


def test_loopback_is_recognised() -> None:
    """All of 127/8 and ::1, and nothing else."""
    hosts = parse("127.9.8.7", "::1", "::2", "128.0.0.1")

    assert [(host.address, host.loopback) for host in hosts] == [
        ("127.9.8.7", True),
        ("128.0.0.1", False),
        ("::1", True),
        ("::2", False),
    ]


def test_a_host_is_found_by_its_address() -> None:
    """With the label that the scan gives it."""
    assert parse("six.example").host_at("2001:db8::7").label == "six.example"


@pytest.mark.parametrize(
    "word",
    [
        "",
        "300.1.1.1",
        "1.2.3",
        "1.2.3.4.5",
        "127.1",
        "192.0.2.0/33",
        "192.0.2.0/-1",
        "192.0.2.0/255.255.255.0",
        "fe80::1%lo/64",
        "192.0.2.0/8/9",
        "192.0.2.0\n",
        "192.0.2.0\0",
        "192.0.2.1-300",
        "a.example/24",
        "http://a.example",
        "a.example:80",
        "a b",
        "-a.example",
        "a..example",
        "::1::",
        "fe80::1%lo",
        "[::1]",
        "x" * 64,
    ],
)
def test_what_is_no_target_is_refused(word: str) -> None:
    """Nothing is resolved or guessed for words that can't be a target."""
    with pytest.raises(ScanUsageError):
        parse(word)


def test_a_name_that_does_not_resolve_is_refused() -> None:
    """The top-level domain "invalid" never exists (RFC 2606)."""
    with pytest.raises(ScanUsageError, match=r"'no-such-host\.invalid' does not resolve"):
        parse_targets(["no-such-host.invalid"])


def test_more_than_a_16_needs_a_yes() -> None:
    """65,536 hosts pass, one more does not, unless the user means it."""
    assert parse("10.0.0.0/16").count == 65536
    assert parse("10.0.0.0/15", allow_many=True).count == 131072
    with pytest.raises(ScanUsageError, match="--yes"):
        parse("10.0.0.0/16", "11.0.0.0")


def test_no_yes_is_enough_for_an_ipv6_network() -> None:
    """A /64 can't be scanned in a lifetime."""
    with pytest.raises(ScanUsageError, match="smaller block"):
        parse("2001:db8::/64", allow_many=True)


def test_hosts_are_made_one_by_one() -> None:
    """Sixteen million hosts cost nothing until they are looked at."""
    targets = parse("10.0.0.0/8", allow_many=True)

    first = [host.address for host in itertools.islice(targets, 2)]

    assert first == ["10.0.0.0", "10.0.0.1"]
