"""Plots are values: the same after a journey as JSON, and told apart by their kind."""

import msgspec
import pytest

from climb.labs.plot import Axis, Bar, BarPlot, Line, LinePlot, Mark, Plot, Point, Strip, StripPlot

TIME = Axis(label="time", unit="ns")
PLOTS: dict[str, Plot] = {
    "bars": BarPlot(title="t", alt="a", axis=TIME, bars=(Bar(label="x", value=2, low=1, high=3),)),
    "lines": LinePlot(
        title="t",
        alt="a",
        marks=(Mark(value=3, label="you predicted 3 ×"),),
        x=Axis(label="size", unit="bytes", log=True),
        y=TIME,
        lines=(Line(label="x", points=(Point(x=1, y=2),)),),
    ),
    "strips": StripPlot(title="t", alt="a", axis=TIME, strips=(Strip(label="x", values=(1, 2, 3)),)),
}


@pytest.mark.parametrize("kind", PLOTS)
def test_a_plot_names_its_kind(kind: str) -> None:
    """Whoever draws it in another language can tell what it is."""
    assert msgspec.to_builtins(PLOTS[kind])["kind"] == kind


@pytest.mark.parametrize("kind", PLOTS)
def test_a_plot_survives_a_journey(kind: str) -> None:
    """Encoded and decoded it is the same."""
    assert msgspec.json.decode(msgspec.json.encode(PLOTS[kind]), type=Plot) == PLOTS[kind]


@pytest.mark.parametrize("kind", PLOTS)
def test_a_plot_does_not_change(kind: str) -> None:
    """It is frozen, so it can be shared."""
    with pytest.raises(AttributeError):
        PLOTS[kind].title = "other"  # type: ignore[misc]
