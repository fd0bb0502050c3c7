"""Simulated sensors: the same seed makes the same lines, and their totals find what a processor says wrongly."""

from dataclasses import replace
from itertools import islice, pairwise

import msgspec
import pytest

from climb.systems.processor.sensors.model import Habits, Line, lines_of
from climb.systems.processor.sensors.totals import Counts, Totals, compare
from climb.systems.processor.sinks.rows import Row

START_MS = 1_700_000_000_000
HABITS = Habits(sensors=5, out_of_order=0.1, resent=0.1, malformed=0.1, seed=7)


def lines(habits: Habits = HABITS, readings: int = 2000) -> list[Line]:
    return list(lines_of(habits, range(habits.sensors), start_ms=START_MS, readings=readings))


def test_the_same_seed_makes_the_same_lines() -> None:
    """Two simulations with the same words are equal to the byte, and another seed makes another one."""
    assert lines() == lines()
    assert lines() != lines(replace(HABITS, seed=8))


def test_sensors_do_not_depend_on_their_neighbours() -> None:
    """A sensor sends the same readings over whatever connection."""
    alone = islice(lines_of(HABITS, range(2, 3), start_ms=START_MS), 200)

    assert list(alone) == [line for line in lines() if line.sensor == "s0002"][:200]


def test_numbers_of_a_sensor_grow_by_one() -> None:
    """Readings are numbered as they are sent; a resent one is its predecessor again."""
    sent = [line for line in lines() if line.sensor == "s0003" and not line.broken]

    assert [line.seq for line in sent if not line.again] == list(range(1, 1 + sum(not line.again for line in sent)))
    assert all(line.text == before.text for before, line in pairwise(sent) if line.again)


def test_as_many_readings_as_asked_for_and_some_nuisance() -> None:
    """All readings are sent in the end, some out of order, some twice, some broken."""
    sent = lines()
    good = [line for line in sent if not line.broken and not line.again]
    late = [line for before, line in pairwise(good) if line.ts < before.ts - 2000]

    assert len(good) == 2000
    assert late
    assert 100 < sum(line.again for line in sent) < 300
    assert 100 < sum(line.broken for line in sent) < 300


def test_first_each_sensor_sends_one_line() -> None:
    """A processor can know all sensors before time goes on."""
    first = lines()[:5]

    assert [(line.sensor, line.seq, line.again) for line in first] == [(f"s000{n}", 1, False) for n in range(5)]


class Strict(msgspec.Struct):
    sensor: str
    seq: int
    ts: int
    value: float


def test_good_lines_are_readings_and_broken_ones_are_none() -> None:
    """Every line ends with its only newline; the broken ones are no readings of the contract."""
    for line in lines():
        assert line.text.count(b"\n") == 1
        assert line.text.endswith(b"\n")
        assert line.text.strip()
        if not line.broken:
            assert msgspec.json.decode(line.text, type=Strict) == Strict(line.sensor, line.seq, line.ts, line.value)


def test_no_reading_is_further_behind_than_told() -> None:
    """With a lateness of ``reach_ms`` a sensor's own readings are never late."""
    clocks: dict[str, int] = {}
    for line in lines(replace(HABITS, steady=True), 20_000):
        if not line.broken:
            assert line.ts >= clocks.get(line.sensor, 0) - HABITS.reach_ms
            clocks[line.sensor] = max(line.ts, clocks.get(line.sensor, 0))


# --- totals ---------------------------------------------------------------------------------------------------------


def sent() -> Totals:
    totals = Totals()
    for number, value in enumerate([4.0, 1.0, 3.0, 2.0]):
        totals.add(Line(b"", "a", number + 1, 1000 * number, value))
    totals.add(Line(b"", "a", 4, 3000, 2.0, again=True))
    totals.add(Line(b"", "a", 0, 0, 0.0))
    return totals


BEFORE = Counts(accepted=10, late=1, duplicates=5, rejected=2)
AFTER = Counts(accepted=14, late=1, duplicates=6, rejected=3, watermark=4000, percentile_error=0.01)
FIRST = Row("a", 0, 2000, 2, 5.0, 1.0, 4.0, 2.5, 1.0, 4.0, 4.0, 0, 1000)
SECOND = Row("a", 2000, 4000, 2, 5.0, 2.0, 3.0, 2.5, 2.0, 3.0, 3.0, 2000, 3000)


def test_a_processor_that_is_right_agrees() -> None:
    """Exact totals and windows differ in nothing; windows of other sensors are not looked at."""
    other = msgspec.structs.replace(FIRST, sensor="b", count=99)
    compared = compare(sent(), BEFORE, AFTER, [FIRST, other, SECOND])

    assert (compared.windows, compared.differences) == (2, [])


@pytest.mark.parametrize(
    ("after", "row", "said"),
    [
        ({"accepted": 15}, {}, "accepted and late readings are 5, not 4"),
        ({"rejected": 2}, {}, "rejected lines are 0, not 1"),
        ({"duplicates": 5}, {}, "duplicates are 0, not 1 or more"),
        ({}, {"count": 3}, "a from 0: count is 3, not 2"),
        ({}, {"count": 1}, "a from 0: count is 1, not 2"),
        ({}, {"min": 0.0}, "a from 0: min is 0.0, not 1.0"),
        ({}, {"last_ts": 1001}, "a from 0: last_ts is 1001, not 1000"),
        ({}, {"sum": 5.001}, "a from 0: sum is 5.001, not 5.0"),
        ({}, {"mean": 2.6}, "a from 0: mean is 2.6, not 2.5"),
        ({}, {"p95": 3.9}, "a from 0: p95 is 3.9, not within 1.0% of 4.0"),
    ],
)
def test_each_wrong_number_is_told(after: dict[str, int], row: dict[str, float], said: str) -> None:
    """A total or a window that is not what was sent makes one sentence."""
    rows = [msgspec.structs.replace(FIRST, **row), SECOND]

    assert compare(sent(), BEFORE, replace(AFTER, **after), rows).differences == [said]


def test_after_a_restart_only_what_is_of_all_time_is_compared() -> None:
    """Rejected lines and duplicates are counted from a start on; readings are of all time."""
    before, after = replace(BEFORE, began_s=100.0), replace(AFTER, rejected=0, duplicates=0, began_s=107.0)

    assert compare(sent(), before, after, [FIRST, SECOND]).differences == []
    assert compare(sent(), before, replace(after, began_s=100.05), [FIRST, SECOND]).differences == [
        "rejected lines are -2, not 1",
        "duplicates are -5, not 1 or more",
    ]
    assert compare(sent(), before, replace(after, accepted=13), [FIRST, SECOND]).differences == [
        "accepted and late readings are 3, not 4"
    ]


def test_a_closed_window_that_is_missing_is_told() -> None:
    """What the watermark has passed must be there."""
    assert compare(sent(), BEFORE, AFTER, [FIRST]).differences == ["a from 2000: the window is closed, and not there"]
    assert compare(sent(), BEFORE, replace(AFTER, watermark=3999), [FIRST]).differences == []
