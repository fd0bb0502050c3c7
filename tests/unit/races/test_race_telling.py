"""Races as tables and plots."""

from hypothesis import given, strategies as st

from climb.labs.plot import StripPlot
from climb.labs.statistics import Estimate
from climb.races.document import Heat, Held, Standing
from climb.races.telling import figure, heats_plot, in_words

VALUES = st.lists(st.floats(1e-3, 1e7), max_size=12)


def held(yours: list[float], ours: list[float]) -> Held:
    heats = (*(Heat("yours", value) for value in yours), *(Heat("ours", value) for value in ours))
    words = {"id": "r", "title": "R", "unit": "ms", "tells": "", "says": ""}
    return Held(better="lower", standing=Standing.HELD, heats=heats, **words)  # type: ignore[arg-type]  # texts by name


@given(VALUES, VALUES)
def test_every_heat_is_a_dot(yours: list[float], ours: list[float]) -> None:
    """The plot has all heats of both sides, or there is none if one side has none."""
    plot = heats_plot(held(yours, ours))

    if not yours or not ours:
        assert plot is None
    else:
        assert isinstance(plot, StripPlot)
        assert [strip.values for strip in plot.strips] == [tuple(yours), tuple(ours)]


def test_far_apart_sides_are_both_seen() -> None:
    """The axis is logarithmic where a linear one would press one side into a dot."""
    far, near = heats_plot(held([1.0], [100.0])), heats_plot(held([1.0], [2.0]))

    assert far is not None
    assert near is not None
    assert (far.axis.log, near.axis.log) == (True, False)


def test_a_ratio_is_never_told_without_its_interval() -> None:
    """Three digits each."""
    assert in_words(Estimate(0.53124, 0.525, 0.5361)) == "0.531 (0.525 to 0.536)"


@given(st.floats(0.001, 1e9))
def test_a_figure_is_the_value_in_three_digits_or_whole(value: float) -> None:
    """Nothing that matters is rounded away."""
    assert abs(float(figure(value).replace(",", "")) - value) <= max(0.005 * value, 1e-9)
