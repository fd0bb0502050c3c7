"""What races came to, as tables and plots: the same for the terminal and for the page."""

from __future__ import annotations

from statistics import median

from climb.judge.evidence import Table
from climb.labs.plot import Axis, Strip, StripPlot
from climb.labs.statistics import Estimate
from climb.races.document import Held, Racing
from climb.races.race import NAMES

__all__ = ["figure", "heats_plot", "in_words", "table_of"]

_COLUMNS = ("race", "unit", "yours", "ours", "times as good", "pairs")
_FAR = 20.0  # times the smallest: on a linear axis the smaller ones would be one dot


def table_of(racing: Racing) -> Table | None:
    """The races that had heats, with the median of each side; None if none had."""
    rows = tuple(_row(race) for race in racing.races if race.heats)
    return Table(subject="the races", columns=_COLUMNS, rows=rows) if rows else None


def heats_plot(race: Held) -> StripPlot | None:
    """All heats of both sides as dots; None if one of them had none."""
    values = {name: tuple(race.values(name)) for name in NAMES}
    if not all(values.values()):
        return None
    every = [value for side in values.values() for value in side]
    told = ", ".join(f"{name} {figure(min(side))} to {figure(max(side))}" for name, side in values.items())
    return StripPlot(
        title=f"all heats of {race.id}",
        alt=f"The heats of both sides in {race.unit}: {told}.",
        axis=Axis(label=race.title, unit=race.unit, log=max(every) > _FAR * min(every)),
        strips=tuple(Strip(label=name, values=side) for name, side in values.items()),
    )


def in_words(ratio: Estimate) -> str:
    """A ratio with its interval."""
    return f"{ratio.value:.3g} ({ratio.low:.3g} to {ratio.high:.3g})"


def figure(value: float) -> str:
    """A measured value, in as many digits as mean something."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _row(race: Held) -> tuple[str, ...]:
    middles = [figure(median(values)) if (values := race.values(name)) else "" for name in NAMES]
    told = in_words(race.ratio) if race.ratio else race.standing.value.replace("_", " ")
    return (race.id, race.unit, *middles, told, str(len(race.heats) // 2))
