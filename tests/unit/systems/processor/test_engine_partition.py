"""A partition against the brief's rules in plain Python."""

from __future__ import annotations

import numpy as np
from engine_model import Model, Reading, agrees
from hypothesis import given, settings, strategies as st

from climb.systems.processor.engine.columns import ERROR, READING, Records
from climb.systems.processor.engine.kernels import rows
from climb.systems.processor.engine.partition import Partition, Shape

_VALUES = st.one_of(
    st.floats(-100, 100), st.sampled_from([0.0, -0.0, 1.0, 5e-324, -1e-320, 3e-315, 1e300]), st.floats(-1e300, 1e300)
)


def batch_of(readings: list[Reading]) -> Records:
    """The same as records."""
    return np.array([(sensor, 0, seq, ts, value) for sensor, seq, ts, value in readings], READING)


@st.composite
def _stories(draw: st.DrawFn) -> tuple[int, int, int, list[list[Reading] | int]]:
    """Slide, panes a window, workers, and batches and watermarks in turn."""
    slide, span, workers = draw(st.integers(1, 7)), draw(st.integers(1, 4)), draw(st.integers(1, 3))
    reading = st.tuples(
        st.integers(0, 4).map(lambda sensor: sensor * workers), st.integers(1, 12), st.integers(0, 60), _VALUES
    )
    far = st.tuples(st.just(0), st.integers(1, 12), st.integers(0, 2**53 - 1), _VALUES)
    steps = draw(st.lists(st.lists(reading, max_size=12) | st.lists(far, max_size=1) | st.integers(0, 70), max_size=12))
    return slide, span, workers, [*steps, 2**53 + 100]


@settings(max_examples=400, deadline=None)
@given(_stories())
def test_a_partition_follows_the_rules(story: tuple[int, int, int, list[list[Reading] | int]]) -> None:
    """Counts, clocks and windows are those of the model, whatever comes in whatever order."""
    slide, span, workers, steps = story
    model, partition = Model(slide * span, slide), Partition(Shape(slide * span, slide, 0, workers))

    for step in steps:
        if isinstance(step, int):
            expected, windows = model.advance(step), partition.advance(step)

            assert len(windows) == len(expected)
            assert all(agrees(window, *held, ERROR) for window, held in zip(windows, expected, strict=True))
            continue
        for reading in step:
            model.take(reading)
        partition.take(batch_of(step), 1)

        ids, seqs, clocks = partition.highs()
        assert dict(zip(ids.tolist(), seqs.tolist(), strict=True)) == model.high
        assert dict(zip(ids.tolist(), clocks.tolist(), strict=True)) == model.clocks
        assert (partition.accepted, partition.late, partition.sensors) == (model.accepted, model.late, len(model.high))
    assert partition.open_panes == 0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 3000), st.sampled_from(["normal", "lognormal", "uniform", "doubles"]))
def test_percentiles_are_within_the_stated_error(seed: int, count: int, kind: str) -> None:
    """For values of several distributions, among them all doubles, every estimate is within the error."""
    random = np.random.default_rng(seed)
    values = {
        "normal": lambda: random.normal(0, 10, count),
        "lognormal": lambda: random.lognormal(0, 3, count),
        "uniform": lambda: random.uniform(-1, 1, count),
        "doubles": lambda: _doubles(random, count),
    }[kind]()
    readings = [(0, number, 0, float(value)) for number, value in enumerate(values, 1)]
    partition = Partition(Shape(10, 10))

    partition.take(batch_of(readings), 1)
    (window,) = partition.advance(10)

    assert agrees(window, 0, 0, [(0, float(value)) for value in values], ERROR)


def _doubles(random: np.random.Generator, count: int) -> np.ndarray:
    """Doubles of all sizes whose sum is one."""
    bits = random.integers(0, 2**63 - 2**57, count, np.int64)
    return bits.view(np.float64) * random.choice([-1, 1], count)


def test_a_reading_far_ahead_costs_no_memory_for_the_windows_between() -> None:
    """After a jump of 2**53 milliseconds there are two panes and two windows."""
    partition = Partition(Shape(10, 1))

    partition.take(batch_of([(0, 1, 0, 1.0), (0, 2, 2**53 - 1, 1.0)]), 1)

    assert partition.open_panes == 2
    assert len(partition.advance(2**53 - 1)) == 1


def test_many_sensors_with_many_panes_are_all_there_again() -> None:
    """Of 20,000 sensors with three windows each, every window closes with its one reading."""
    partition = Partition(Shape(10, 10))
    readings = np.zeros(60_000, READING)
    readings["sensor"] = np.tile(np.arange(20_000), 3)
    readings["seq"] = np.repeat([1, 2, 3], 20_000)
    readings["ts"] = readings["seq"] * 10

    partition.take(readings, 1)
    windows = partition.advance(50)

    assert (len(windows), partition.open_panes) == (60_000, 0)
    assert windows["count"].tolist() == [1] * 60_000
    assert windows["sensor"].tolist() == list(range(20_000)) * 3


def test_a_sum_beyond_the_largest_double_is_the_largest_double() -> None:
    """Nothing that JSON can't write comes out, the mean is exact while the sum can be held, and lies between the extremes."""
    most = 1.7976931348623157e308
    partition = Partition(Shape(10, 10))
    values = {0: [1.7e308] * 2, 1: [-1.7e308] * 5, 2: [1.7e308, 1.7e308, -1.7e308, 1.0], 3: [1e308, 0.5e308, 2.0]}
    story = [(sensor, seq, seq, value) for sensor, some in values.items() for seq, value in enumerate(some, 1)]

    partition.take(batch_of(story), 1)
    windows = partition.advance(50)

    assert windows["sum"].tolist() == [most, -most, 1.7e308, 1.5e308]
    assert windows["mean"].tolist() == [1.7e308, -1.7e308, 1.7e308 / 4, 1.5e308 / 3]


def test_memory_of_blocks_that_panes_have_outgrown_is_used_again() -> None:
    """However many values come, panes take the cells that their blocks have now, and an eighth more before it is used again."""
    partition, rng, expected = Partition(Shape(10, 10)), np.random.default_rng(1), np.zeros(500)
    for turn in range(1, 400):
        readings = np.zeros(500, READING)
        readings["sensor"], readings["seq"] = np.arange(500), turn
        readings["value"] = rng.lognormal(0, 1, 500)
        expected += readings["value"]
        partition.take(readings, 1)

    parts = partition.parts()
    blocks = int((1 << parts["panes"][:, rows.ORDER]).sum())
    windows = partition.advance(50)

    assert blocks <= len(parts["cells"]) < 1.5 * blocks
    assert np.allclose(windows["sum"], expected, rtol=1e-9, atol=0)
    assert windows["count"].tolist() == [399] * 500


def test_idle_sensors_are_not_in_the_floor_of_the_clocks() -> None:
    """A sensor leaves the floor when nothing of it was taken for the idle time, and comes back with its next reading."""
    partition = Partition(Shape(10, 10))
    floors = [partition.clock_floor(0, 5)]

    partition.take(batch_of([(0, 1, 100, 1.0)]), 0)
    partition.take(batch_of([(1, 1, 200, 1.0)]), 3)
    floors += [partition.clock_floor(4, 5), partition.clock_floor(5, 5), partition.clock_floor(8, 5)]
    partition.take(batch_of([(0, 2, 50, 1.0)]), 9)
    floors.append(partition.clock_floor(9, 5))

    assert floors == [None, 100, 200, None, 100]


def test_taken_readings_are_handed_back_for_the_log() -> None:
    """What was taken comes back in order, late ones too, duplicates not."""
    partition = Partition(Shape(10, 10))
    partition.advance(100)

    taken = partition.take(batch_of([(0, 1, 5, 1.0), (0, 1, 500, 2.0), (0, 2, 500, 3.0)]), 1)

    assert taken.readings["value"].tolist() == [1.0, 3.0]
    assert (taken.accepted, taken.late, taken.duplicates) == (1, 1, 1)
