"""What this machine still allows: looked at, not taken."""

import ipaddress
import sys

import pytest

from climb.labs.headroom import memory_left, threads_left
from climb.labs.loopback import fresh_address


@pytest.mark.skipif(sys.platform != "linux", reason="the limits are those of Linux")
def test_this_machine_has_room_for_a_test() -> None:
    """It runs, so there is memory, and a thread may be started."""
    assert memory_left() > 0
    assert threads_left() > 0


def test_a_fresh_address_is_one_of_loopback() -> None:
    """And not the one that everybody uses."""
    address = ipaddress.ip_address(fresh_address())

    assert address.is_loopback
    assert str(address) != "127.0.0.1"
