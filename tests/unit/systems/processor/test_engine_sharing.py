"""What processes share: ids of names, rings of readings, and what is acknowledged."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from hypothesis import given, settings, strategies as st

from climb.systems.processor.engine.acks import highest_of
from climb.systems.processor.engine.columns import READING, WINDOW, Records
from climb.systems.processor.engine.registry import Registry, in_order
from climb.systems.processor.engine.rings import Ring, deal


def _numbered(first: int, count: int, sensors: int = 5) -> Records:
    readings = np.zeros(count, READING)
    readings["seq"] = np.arange(first, first + count)
    readings["sensor"] = readings["seq"] % sensors
    return readings


def test_ids_are_given_once_and_survive(tmp_path: Path) -> None:
    """An id is a name's place in the file; after a crash in the middle of a name, that name is as if never asked for."""
    registry = Registry(tmp_path / "sensors")
    given_first = registry.ids_of([b"b", b"a", b"b"])
    registry.close()
    with (tmp_path / "sensors").open("ab") as file:
        file.write(b"tor")

    registry = Registry(tmp_path / "sensors")
    given_later = registry.ids_of([b"torn", b"a"])
    registry.close()

    assert (given_first, given_later) == ([0, 1, 0], [2, 1])
    assert (tmp_path / "sensors").read_bytes() == b"b\na\ntorn\n"


def test_windows_are_ordered_by_start_and_then_by_the_bytes_of_the_name(tmp_path: Path) -> None:
    """The order of ids, which is that of arrival, does not matter."""
    registry = Registry(tmp_path / "sensors")
    registry.ids_of([b"b", b"a", b"B"])
    windows = np.zeros(4, WINDOW)
    windows["sensor"], windows["start"] = [0, 1, 2, 0], [10, 10, 10, 0]

    ordered = in_order(windows, registry.ranks())
    registry.close()

    assert list(zip(ordered["start"].tolist(), ordered["sensor"].tolist(), strict=True)) == [
        (0, 0),
        (10, 2),
        (10, 1),
        (10, 0),
    ]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=30))
def test_a_ring_hands_over_all_in_order(turns: list[tuple[int, int]]) -> None:
    """Whatever is pushed and released when, the reader sees all that fitted, in order, and positions tell how far that is."""
    ring = Ring(bytearray(Ring.bytes_for(8)), 8)
    pushed = seen = 0
    for push, take in turns:
        fitted = ring.push(_numbered(pushed, push))
        assert fitted == min(push, 8 - (pushed - seen))
        pushed += fitted
        found = ring.peek()[:take]
        assert found["seq"].tolist() == list(range(seen, seen + len(found)))
        ring.release(len(found))
        seen += len(found)
        ring.set_committed(seen)

        assert (ring.written, ring.taken, ring.committed) == (pushed, seen, seen)


def test_a_ring_connects_two_processes() -> None:
    """A forked child reads what its parent writes, 100,000 readings through 256 places."""
    ring = Ring(None, 256)
    child = os.fork()
    if not child:
        seen = 0
        while seen < 100_000:
            found = ring.peek()
            if found["seq"].tolist() != list(range(seen, seen + len(found))):
                os._exit(1)
            seen += len(found)
            ring.release(len(found))
            os.sched_yield()
        os._exit(0)
    pushed = 0
    while pushed < 100_000 and not os.waitpid(child, os.WNOHANG)[0]:
        pushed += ring.push(_numbered(pushed, min(100, 100_000 - pushed)))
        os.sched_yield()

    assert pushed == 100_000
    assert os.waitpid(child, 0)[1] == 0


def test_readings_are_dealt_to_owners_in_order() -> None:
    """Each owner gets the readings of its sensors, in the order in which they came."""
    parts = deal(_numbered(0, 1000), 3)

    assert [sorted(set(part["sensor"].tolist())) for part in parts] == [[0, 3], [1, 4], [2]]
    assert all(np.all(np.diff(part["seq"]) > 0) for part in parts)
    assert sum(map(len, parts)) == 1000


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 50)), max_size=40))
def test_an_ack_names_the_highest_number(readings: list[tuple[int, int, int]]) -> None:
    """For each connection and sensor of a batch there is one record, with its highest number."""
    batch = np.array([(sensor, connection, seq, 0, 0.0) for connection, sensor, seq in readings], READING)
    expected: dict[tuple[int, int], int] = {}
    for connection, sensor, seq in readings:
        expected[connection, sensor] = max(seq, expected.get((connection, sensor), 0))

    found = highest_of(batch)

    assert {(row["connection"], row["sensor"]): row["seq"] for row in found} == expected
    assert len(found) == len(expected)
