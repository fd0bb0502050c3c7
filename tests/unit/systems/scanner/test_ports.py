"""Port lists."""

from __future__ import annotations

import pytest

from climb.systems.scanner.errors import ScanUsageError
from climb.systems.scanner.ports import parse_ports, unique_ports


def test_ports_keep_the_order_in_which_they_are_named() -> None:
    """Ranges are spelled out where they stand."""
    assert list(parse_ports("443,80,8000-8002")) == [443, 80, 8000, 8001, 8002]


def test_a_port_named_twice_is_scanned_once() -> None:
    """The first mention counts, whether alone or inside a range."""
    assert list(parse_ports("81,80-82,80")) == [81, 80, 82]


def test_all_ports_take_two_bytes_each() -> None:
    """The whole range is 65,535 ports in 128 KiB."""
    ports = parse_ports("1-65535")

    assert len(ports) == 65535
    assert memoryview(ports).nbytes == 131070


@pytest.mark.parametrize(
    "text", ["0", "65536", "http", "", "80,", "80-", "-80", "1-70000", "+80", "8_0", "８０", "1.5"]
)
def test_what_is_no_port_is_refused(text: str) -> None:
    """The message shows what would be right."""
    with pytest.raises(ScanUsageError, match="from 1 to 65535"):
        parse_ports(text)


def test_a_range_that_runs_backwards_is_shown_the_other_way_round() -> None:
    """The message is the correction."""
    with pytest.raises(ScanUsageError, match="write 80-90"):
        parse_ports("90-80")


def test_numbers_are_checked_like_text() -> None:
    """A program can't name port 0 either."""
    with pytest.raises(ScanUsageError, match="0 can't be a port"):
        unique_ports([80, 0])
