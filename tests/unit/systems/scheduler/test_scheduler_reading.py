"""Workload documents: what is read, and what is refused with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from climb.systems.scheduler.errors import WorkloadError
from climb.systems.scheduler.model import Task, Workload
from climb.systems.scheduler.reading import read_workload


def _with(**task: Any) -> dict[str, Any]:
    return {"tasks": [{"id": "A", "bursts": [1]}, {"id": "B", "bursts": [1], **task}]}


def test_what_is_left_out_has_its_default() -> None:
    """A task needs an id and bursts, a workload needs tasks; fields that nobody knows are ignored."""
    read = read_workload(b'{"tasks": [{"id": "A", "bursts": [3], "colour": {"is": [[]]}}], "author": null}')

    assert read == Workload(tasks=(Task(id="A", bursts=(3,)),))


def test_everything_is_read() -> None:
    """Each field arrives where it belongs."""
    task = {
        "id": "Ä 1",
        "bursts": [1, 2, 3],
        "arrival": 4,
        "priority": -5,
        "nice": 6,
        "tickets": 7,
        "period": 8,
        "deadline": 9,
    }
    machine = {"cpus": 2, "switch_cost": 3, "migration_cost": 4, "until": 5}

    read = read_workload(json.dumps({"tasks": [task], **machine}).encode())

    assert read == Workload(tasks=(Task(**{**task, "bursts": (1, 2, 3)}),), **machine)


def test_a_whole_number_may_be_written_as_a_fraction() -> None:
    """2.0 and 2e0 are the whole number 2."""
    assert read_workload(b'{"tasks": [{"id": "A", "bursts": [2.0, 2e0, 2]}]}').tasks[0].bursts == (2, 2, 2)


@pytest.mark.parametrize(
    ("document", "start"),
    [
        ({"tasks": []}, "tasks: "),
        ({}, "tasks: is missing"),
        ({"tasks": 3}, "tasks: "),
        ({**_with(), "cpus": 0}, "cpus: must be a whole number from 1 to 64, not 0"),
        ({**_with(), "cpus": 65}, "cpus: "),
        ({**_with(), "cpus": True}, "cpus: must be a whole number from 1 to 64, not true"),
        ({**_with(), "switch_cost": -1}, "switch_cost: "),
        ({**_with(), "migration_cost": 1_000_000_001}, "migration_cost: "),
        ({**_with(), "until": 0}, "until: "),
        ({**_with(), "until": None}, "until: "),
        ({"tasks": [{"id": "A", "bursts": [1]}, 7]}, "tasks[1]: "),
        ({"tasks": [{"bursts": [1]}]}, "tasks[0].id: is missing"),
        (_with(id=""), "tasks[1].id: "),
        (_with(id=3), "tasks[1].id: "),
        (_with(id="A"), "tasks[1].id: "),
        ({"tasks": [{"id": "A"}]}, "tasks[0].bursts: is missing"),
        (_with(bursts=[]), "tasks[1].bursts: "),
        (_with(bursts="1"), "tasks[1].bursts: "),
        (_with(bursts=[1, 2]), "tasks[1].bursts: "),
        (_with(bursts=[1, 2, -2]), "tasks[1].bursts[2]: must be a whole number from 1 to 1000000000, not -2"),
        (_with(bursts=[0]), "tasks[1].bursts[0]: "),
        (_with(bursts=[2.5]), "tasks[1].bursts[0]: must be a whole number from 1 to 1000000000, not 2.5"),
        (_with(bursts=["2"]), 'tasks[1].bursts[0]: must be a whole number from 1 to 1000000000, not "2"'),
        (_with(bursts=[10**400]), "tasks[1].bursts[0]: "),
        (_with(arrival=-1), "tasks[1].arrival: "),
        (_with(priority=1001), "tasks[1].priority: "),
        (_with(nice=20), "tasks[1].nice: must be a whole number from -20 to 19, not 20"),
        (_with(tickets=0), "tasks[1].tickets: "),
        (_with(period=0), "tasks[1].period: "),
        (_with(deadline=None), "tasks[1].deadline: "),
        (_with(period=5), "until: is missing"),
        ({**_with(period=1), "until": 2_000_000}, "until: "),
    ],
)
def test_a_fault_is_named_with_its_place(document: Any, start: str) -> None:
    """The refusal begins with the path, and is one line."""
    with pytest.raises(WorkloadError) as refusal:
        read_workload(json.dumps(document).encode())

    assert str(refusal.value).startswith(start)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"{",
        b"NaN",
        b'{"tasks": [{"id": "A", "bursts": [NaN]}]}',
        b'{"tasks": [{"id": "\xff", "bursts": [1]}]}',
        b'{"tasks": [{"id": "\\ud800", "bursts": [1]}]}',
        b"\xef\xbb\xbf{}",
        b"[" * 1_000_000,
        b'{"a":' * 1_000_000,
        b"\x00" * 1000,
        b"[]",
        b"3",
        b"1" * 5000,
        b"null",
    ],
    ids=lambda document: repr(document[:20]),
)
def test_what_is_no_object_has_no_path(document: bytes) -> None:
    """A document that is not JSON, or whose value is not an object, is refused as a whole."""
    with pytest.raises(WorkloadError, match=r"^the workload "):
        read_workload(document)


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" * 5000, "123456789012345678901234567890"])
def test_a_number_beyond_all_bounds_has_its_place(number: str) -> None:
    """JSON has no largest number; ours is refused where it stands."""
    with pytest.raises(WorkloadError, match=r"^cpus: must be a whole number from 1 to 64"):
        read_workload(b'{"cpus": ' + number.encode() + b', "tasks": [{"id": "A", "bursts": [1]}]}')


def test_the_last_of_two_equal_keys_counts() -> None:
    """As most readers of JSON do."""
    assert read_workload(b'{"cpus": 1, "cpus": 2, "tasks": [{"id": "A", "bursts": [1]}]}').cpus == 2
