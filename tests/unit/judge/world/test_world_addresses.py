import sys
from ipaddress import IPv4Address, IPv4Network

import pytest

from climb.judge.choices import Choices
from climb.judge.world.addresses import Addresses

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the whole of 127/8 answers on Linux only")


def test_the_smallest_draws_give_the_simplest_address() -> None:
    """A shrunk run listens on 127.1.0.1."""
    assert Addresses(Choices("any", forced=[])).one() == "127.1.0.1"


def test_no_address_is_handed_out_twice() -> None:
    """The same draws again give the next address up."""
    addresses = Addresses(Choices("any", forced=[]))

    assert [addresses.one() for _ in range(3)] == ["127.1.0.1", "127.1.0.2", "127.1.0.3"]


def test_the_last_address_is_followed_by_the_next_block() -> None:
    """Addresses ending in 0 and 255 are left out."""
    addresses = Addresses(Choices("any", forced=[0, 0, 253, 0, 0, 253]))

    assert [addresses.one(), addresses.one()] == ["127.1.0.254", "127.1.1.1"]


@pytest.mark.parametrize("seed", range(20))
def test_addresses_stay_clear_of_the_machines_own(seed: int) -> None:
    """No host is in 127.0.0.0/16 or among the broadcast addresses."""
    address = IPv4Address(Addresses(Choices(str(seed))).one())

    assert address in IPv4Network("127.0.0.0/8")
    assert address not in IPv4Network("127.0.0.0/16")
    assert address not in IPv4Network("127.255.0.0/16")
    assert address.packed[3] not in {0, 255}


def test_a_block_has_the_prefix_asked_for() -> None:
    """The simplest block is the first."""
    assert Addresses(Choices("any", forced=[])).block(29) == IPv4Network("127.1.0.0/29")


def test_a_block_avoids_addresses_handed_out() -> None:
    """A block that would hold an earlier host gives way to the next one."""
    addresses = Addresses(Choices("any", forced=[]))
    host = IPv4Address(addresses.one())

    block = addresses.block(30)

    assert host not in block
    assert block == IPv4Network("127.1.0.4/30")


def test_an_address_avoids_blocks_handed_out() -> None:
    """A host never lands in an earlier block."""
    addresses = Addresses(Choices("any", forced=[]))
    addresses.block(30)

    assert addresses.one() == "127.1.0.4"


@pytest.mark.parametrize("prefix", [15, 33])
def test_a_prefix_out_of_range_is_a_mistake_of_the_author(prefix: int) -> None:
    """Blocks larger than /16 would leave no room for hosts."""
    with pytest.raises(ValueError, match=str(prefix)):
        Addresses(Choices("any")).block(prefix)
