"""The processor's rules, played by the model: duplicates, windows, the watermark, late readings."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, strategies as st

from climb.judge.choices import Choices
from climb.projects.processor.rules import Model, Reading, Shape, Taken
from climb.projects.processor.stages.draws import draw_shape, draw_traffic, interleaved

TUMBLING = Shape(window_ms=10)
SLIDING = Shape(window_ms=10, slide_ms=5)


def reading(ts: int, *, seq: int = 1, sensor: str = "s1", value: float = 1.0) -> Reading:
    """A reading of which mostly the ts matters."""
    return Reading(sensor, seq, ts, value)


def played(shape: Shape, *readings: Reading) -> Model:
    """A model that has taken these."""
    model = Model(shape)
    model.take_all(readings)
    return model


def closed(model: Model) -> list[tuple[str, int, list[int]]]:
    """Sensor, start and the ts of the readings of each closed window."""
    return [(facts.sensor, facts.start, [one.ts for one in facts.readings]) for facts in model.closed()]


@pytest.mark.parametrize(("ts", "starts"), [(0, [0]), (4, [0]), (5, [0, 5]), (14, [5, 10]), (15, [10, 15])])
def test_a_sliding_window_starts_at_multiples_of_the_slide_and_never_before_1970(ts: int, starts: list[int]) -> None:
    """The starts of the windows that hold a moment are the multiples of the slide within one window length before it."""
    assert list(SLIDING.starts(ts)) == starts


def test_a_window_holds_its_start_and_not_its_end() -> None:
    """A reading at the end of a window is in the next one."""
    model = played(TUMBLING, reading(10), reading(19, seq=2), reading(20, seq=3), reading(30, seq=4))

    assert closed(model) == [("s1", 10, [10, 19]), ("s1", 20, [20])]


def test_a_window_is_open_until_the_watermark_reaches_its_end() -> None:
    """One millisecond before its end a window is not closed."""
    assert closed(played(TUMBLING, reading(0), reading(9, seq=2))) == []


def test_the_watermark_is_the_smallest_clock_less_the_lateness() -> None:
    """The sensor that is furthest behind decides."""
    model = played(
        Shape(window_ms=10, lateness_ms=3),
        reading(0, sensor="a"),
        reading(50, sensor="b"),
        reading(20, seq=2, sensor="a"),
    )

    assert model.watermark == 17


def test_the_watermark_never_goes_back() -> None:
    """A new sensor with an old ts leaves the watermark where it is."""
    model = played(TUMBLING, reading(50, sensor="a"), reading(10, sensor="b"))

    assert model.watermark == 50
    assert model.counts[Taken.LATE] == 1


def test_an_idle_sensor_does_not_hold_the_watermark() -> None:
    """When the slowest falls idle, the others decide; its next reading ends that."""
    model = played(TUMBLING, reading(0, sensor="a"), reading(30, sensor="b"))
    model.fall_idle("a")
    assert model.watermark == 30

    model.take(reading(31, seq=2, sensor="a"))
    model.take(reading(60, seq=2, sensor="b"))

    assert model.watermark == 31


def test_all_idle_leaves_the_watermark() -> None:
    """Without a sensor that is not idle there is no smallest clock."""
    model = played(TUMBLING, reading(12))
    model.fall_idle("s1")

    assert model.watermark == 12


def test_a_number_that_is_not_above_the_highest_is_a_duplicate() -> None:
    """Equal and lower numbers are counted and change nothing, even if the lower one never came."""
    model = played(TUMBLING, reading(0, seq=5), reading(1, seq=5), reading(2, seq=3), reading(10, seq=6))

    assert model.counts[Taken.DUPLICATE] == 2
    assert closed(model) == [("s1", 0, [0])]


def test_a_reading_counts_in_those_of_its_windows_that_are_open() -> None:
    """Behind the watermark a reading misses the closed windows; it is late only if all are closed."""
    model = played(SLIDING, reading(0), reading(12, seq=2), reading(9, seq=3), reading(1, seq=4), reading(30, seq=5))

    assert closed(model) == [("s1", 0, [0]), ("s1", 5, [12, 9]), ("s1", 10, [12])]
    assert model.counts[Taken.LATE] == 1


def test_windows_are_ordered_by_start_then_by_the_bytes_of_the_name() -> None:
    """Upper case comes before lower case, as bytes do."""
    names = ("b", "a", "Z")
    model = Model(TUMBLING)
    for seq, ts in enumerate((0, 10, 20), 1):
        model.take_all(reading(ts, seq=seq, sensor=name) for name in names)

    assert [(start, name) for name, start, _ in closed(model)] == [
        (start, name) for start in (0, 10) for name in ("Z", "a", "b")
    ]


@given(st.integers(0, 10_000), st.booleans(), st.booleans(), st.integers(0, 2**32))
def test_traffic_has_one_result_in_every_order(seed: int, sliding: bool, late: bool, order: int) -> None:
    """However the readings of several sensors are interleaved behind their openings, every one counts in the same windows."""
    draw = Choices(str(seed))
    traffic = draw_traffic(draw, draw_shape(draw, slides=(2, 5) if sliding else (), late=late), sensors=(1, 4), most=12)
    rng = random.Random(order)
    model = Model(traffic.shape)
    model.take_all(rng.sample(traffic.openings, len(traffic.openings)))
    model.take_all(interleaved(rng, *(track.readings[1:] for track in traffic.tracks)))

    def content(one: Model) -> list[tuple[tuple[int, bytes], frozenset[Reading]]]:
        return [(facts.place, frozenset(facts.readings)) for facts in one.closed()]

    assert content(model) == content(traffic.model())
    assert model.counts == {Taken.ACCEPTED: len(traffic.readings), Taken.LATE: 0, Taken.DUPLICATE: 0}
    assert model.watermark == traffic.end


@given(st.integers(0, 10_000))
def test_a_disordered_sensor_is_never_behind_itself_by_more_than_the_lateness(seed: int) -> None:
    """Each ts is at least the largest earlier one of its sensor less LATENESS_MS."""
    draw = Choices(str(seed))
    shape = draw_shape(draw, late=True)
    traffic = draw_traffic(draw, shape, sensors=(1, 2), most=40)

    for track in traffic.tracks:
        clock = 0
        for one in track.readings:
            assert one.ts >= clock - shape.lateness_ms
            clock = max(clock, one.ts)


def test_the_simplest_draws_give_the_simplest_traffic() -> None:
    """Past the end of recorded draws there is one sensor with a plain name and one reading in its body."""
    draw = Choices("any", forced=())
    traffic = draw_traffic(draw, draw_shape(draw), sensors=(1, 4))

    assert [track.sensor for track in traffic.tracks] == ["s1"]
    assert len(traffic.readings) == 3
