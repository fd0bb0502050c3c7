"""Which addresses lead into a private network, and what the checks draw from them."""

from __future__ import annotations

import random
from ipaddress import ip_address, ip_network

import pytest

from climb.projects.links.rules.blocks import (
    PRIVATE_V4,
    PRIVATE_V6,
    PUBLIC_V4,
    PUBLIC_V6,
    reach,
    some_address,
    some_address_v6,
)


@pytest.mark.parametrize("block", [*PRIVATE_V4, *PRIVATE_V6])
def test_both_ends_of_a_private_block_are_private(block: str) -> None:
    """A block is private from its first to its last address."""
    network = ip_network(block)

    assert {reach(network[0]), reach(network[-1])} == {"private"}


@pytest.mark.parametrize("address", [*PUBLIC_V4, *PUBLIC_V6])
def test_what_checks_take_for_public_is_public(address: str) -> None:
    """The addresses beside the blocks are in none of them, nor where the registries leave a doubt."""
    assert reach(ip_address(address)) == "public"


@pytest.mark.parametrize("address", ["192.88.99.1", "224.0.0.1", "2002::1", "2001::1", "64:ff9b::8.8.8.8", "ff02::1"])
def test_doubtful_addresses_are_told_as_such(address: str) -> None:
    """No check may blame a program for what the registries leave open."""
    assert reach(ip_address(address)) == "unclear"


def test_a_mapped_private_address_is_private() -> None:
    """What counts is the IPv4 address within it; of a public one the registry says that the form itself is not reachable."""
    assert reach(ip_address("::ffff:10.0.0.1")) == "private"
    assert reach(ip_address("::ffff:8.8.8.8")) == "unclear"


@pytest.mark.parametrize("seed", range(5))
def test_drawn_addresses_are_in_their_blocks(seed: int) -> None:
    """What is drawn from a block is private, and in that block."""
    rng = random.Random(seed)

    drawn = [(some_address(rng, block), block) for block in PRIVATE_V4]
    drawn_v6 = [(some_address_v6(rng, block), block) for block in PRIVATE_V6]

    assert all(address in ip_network(block) and reach(address) == "private" for address, block in [*drawn, *drawn_v6])


def test_python_knows_no_private_block_as_public() -> None:
    """The standard library has its own copy of the registries; what it calls global is not in ours, but for blocks newer than it."""
    newer = {"3fff::/20", "5f00::/16", "64:ff9b:1::/48"}
    blocks = [block for block in (*PRIVATE_V4, *PRIVATE_V6) if block not in newer]

    assert [block for block in blocks if ip_network(block)[0].is_global] == []
