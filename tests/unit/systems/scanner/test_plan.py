"""A plan refuses what makes no sense, and says in which order to scan."""

from __future__ import annotations

from typing import Any

import pytest

from climb.systems.scanner.errors import ScanUsageError
from climb.systems.scanner.plan import Plan
from climb.systems.scanner.ports import parse_ports
from climb.systems.scanner.targets import parse_targets


def plan(**wishes: Any) -> Plan:
    return Plan(targets=parse_targets(["192.0.2.0/31"]), ports=parse_ports("80,22"), **wishes)


def test_hosts_take_turns() -> None:
    """Port by port in the user's order, so that neighbouring probes go to different hosts."""
    assert [(host.address, port) for host, port in plan().pairs()] == [
        ("192.0.2.0", 80),
        ("192.0.2.1", 80),
        ("192.0.2.0", 22),
        ("192.0.2.1", 22),
    ]
    assert plan().total == 4


@pytest.mark.parametrize(
    "wishes",
    [
        {"timeout_s": 0.0},
        {"timeout_s": float("nan")},
        {"timeout_s": float("inf")},
        {"concurrency": 0},
        {"rate": 0.0},
        {"rate": float("inf")},
        {"retries": -1},
    ],
)
def test_numbers_that_make_no_sense_are_refused(wishes: dict[str, Any]) -> None:
    """The message names the number."""
    (value,) = wishes.values()

    with pytest.raises(ScanUsageError, match=str(value).replace(".", r"\.")):
        plan(**wishes)
