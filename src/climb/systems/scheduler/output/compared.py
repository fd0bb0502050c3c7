"""Policies side by side for people at a terminal: who is best at what, tables of the means and the tails, and a plot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.text import Text

from climb.systems.scheduler.compare import Compared, Measure, best_at, measure, ranked
from climb.systems.scheduler.output.measures import Facts, figure
from climb.systems.scheduler.output.terminal import fitting, table_lines
from climb.systems.scheduler.percentiles import Spread

__all__ = ["lines", "sentences"]

_MARGIN = "  "
_SPREADS = ("turnaround", "waiting", "response")
_TOLD = ("turnaround", "waiting", "response", "fairness", "switches", "missed-deadlines")
_FEW = 3  # policies; where more are equally good, that tells nothing


class _Signs(NamedTuple):
    """Where the quarters of a distribution stand, and what connects them."""

    half: str
    ninety: str
    ninety_nine: str
    largest: str
    several: str  # stands where more than one of them would
    between: str
    bar: str


_FULL = _Signs("●", "◆", "▲", "│", "■", "─", "█")
_ASCII = _Signs("o", "*", "^", "|", "@", "-", "#")


def lines(runs: Sequence[Compared], by: str, *, heading: str, width: int, ascii_only: bool) -> Iterator[Text]:
    """All of it in lines of at most ``width`` columns, best first."""
    room, chosen, order = width - len(_MARGIN), measure(by), ranked(runs, by)
    yield from _wrapped(heading, room, "bold")
    yield Text()
    for sentence in sentences(order, chosen):
        yield from _wrapped(sentence, room)
    yield Text()
    means = fitting(_means(order), room, least=("makespan", "switches"))
    for facts in (means, _tail(order, "waiting"), _tail(order, "response")):
        yield from (Text(_MARGIN) + line for line in table_lines(facts, room, ascii_only=ascii_only))
        yield Text()
    signs = _ASCII if ascii_only else _FULL
    yield from (Text(_MARGIN) + line for line in _plot(order, chosen, room, signs))


def sentences(order: Sequence[Compared], chosen: Measure) -> Iterator[str]:
    """What the ranking means here."""
    best, worst = order[0], order[-1]
    what = chosen.name.replace("-", " ")
    if chosen.of(best) == chosen.of(worst):
        yield f"By {what} ({chosen.says}) all are equal here: {_value(chosen, best)}."
    else:
        yield (
            f"By {what} ({chosen.says}) {_and(_names(order, chosen, best))} "
            f"{'is' if len(_names(order, chosen, best)) == 1 else 'are'} best here with {_value(chosen, best)}, "
            f"{_and(_names(order, chosen, worst))} worst with {_value(chosen, worst)}."
        )
    best_names = dict(zip(map(_label, order), best_at(order), strict=True))
    told: dict[str, list[str]] = {}
    for name in _TOLD:
        holders = [policy for policy, names in best_names.items() if name in names]
        if name != chosen.name and 0 < len(holders) <= _FEW:
            told.setdefault(_and(holders), []).append(name.replace("-", " "))
    if told:
        yield "Best at " + "; at ".join(f"{_and(names)}: {holders}" for holders, names in told.items()) + "."


def _names(order: Sequence[Compared], chosen: Measure, like: Compared) -> list[str]:
    return [_label(run) for run in order if chosen.of(run) == chosen.of(like)]


def _label(run: Compared) -> str:
    return run.options.policy


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _value(chosen: Measure, run: Compared) -> str:
    value = chosen.of(run)
    if chosen.name == "fairness":
        return f"{value:.3f}"
    if chosen.name == "utilization":
        return f"{value:.1%}".replace("%", " %")
    unit = "" if chosen.name in ("switches", "missed-deadlines") else " ticks"
    return figure(value) + unit


def _means(order: Sequence[Compared]) -> Facts:
    late = any(run.summary.missed_deadlines for run in order)
    columns = ("policy", "turnaround", "waiting", "response", "fairness", "makespan", "switches")
    rows = [
        (
            _label(run),
            f"{run.turnaround.mean:,.1f}",
            f"{run.waiting.mean:,.1f}",
            f"{run.response.mean:,.1f}",
            f"{run.summary.fairness:.3f}",
            f"{run.summary.makespan:,}",
            f"{run.summary.switches:,}",
            *([f"{run.summary.missed_deadlines:,}"] if late else []),
        )
        for run in order
    ]
    return Facts((*columns, "late") if late else columns, rows)


def _tail(order: Sequence[Compared], family: str) -> Facts:
    """So many jobs had at most that."""
    columns = (f"{family} of", "half of the jobs", "90 %", "99 %", "all")
    return Facts(columns, [(_label(run), *_quarters(getattr(run, family))) for run in order])


def _quarters(spread: Spread) -> tuple[str, ...]:
    return tuple(f"{value:,}" for value in (spread.p50, spread.p90, spread.p99, spread.max))


def _plot(order: Sequence[Compared], chosen: Measure, width: int, signs: _Signs) -> Iterator[Text]:
    """The distribution over the jobs, where the measure is about one; else a bar for the value."""
    margin = max(len(_label(run)) for run in order) + 2
    family = chosen.name.removesuffix("-p99")
    if family in _SPREADS:
        yield from _spreads([(_label(run), getattr(run, family)) for run in order], family, margin, width, signs)
    else:
        yield from _bars(order, chosen, margin, width, signs)


def _spreads(rows: Sequence[tuple[str, Spread]], family: str, margin: int, width: int, signs: _Signs) -> Iterator[Text]:
    most = max(spread.max for _, spread in rows)
    room = width - margin - 1

    drawn = [(name, _quarters_drawn(spread, most, room, signs)) for name, spread in rows]
    for name, cells in drawn:
        yield Text(f"{name:<{margin}}{cells}")
    yield Text(" " * margin + "0" + f"{most:,} ticks".rjust(room - 1), style="dim")
    key = f"{family}: {signs.half} half of the jobs, {signs.ninety} 90 %, {signs.ninety_nine} 99 %, {signs.largest} all"
    if any(signs.several in cells for _, cells in drawn):
        key += f"; {signs.several} several of these: those that the line lacks"
    yield from (Text(line.plain.removeprefix(_MARGIN), style="dim") for line in _wrapped(key, width))


def _quarters_drawn(spread: Spread, most: int, room: int, signs: _Signs) -> str:
    """A line from the half to the largest. The quarters come in order, so signs that are not seen are in ``several``."""
    placed: dict[int, str] = {}
    for value, sign in (
        (spread.p50, signs.half),
        (spread.p90, signs.ninety),
        (spread.p99, signs.ninety_nine),
        (spread.max, signs.largest),
    ):
        column = round(value / most * (room - 1)) if most else 0
        placed[column] = signs.several if column in placed else sign
    first, last = min(placed), max(placed)
    return " " * first + "".join(placed.get(at, signs.between) for at in range(first, last + 1))


def _bars(order: Sequence[Compared], chosen: Measure, margin: int, width: int, signs: _Signs) -> Iterator[Text]:
    most = max(chosen.of(run) for run in order)
    values = [_value(chosen, run) for run in order]
    room = width - margin - max(map(len, values)) - 1
    for run, value in zip(order, values, strict=True):
        length = round(chosen.of(run) / most * room) if most else 0
        yield Text(f"{_label(run):<{margin}}{signs.bar * length} {value}")


def _wrapped(text: str, width: int, style: str = "") -> Iterator[Text]:
    line = ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            yield Text(_MARGIN + line, style=style)
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield Text(_MARGIN + line, style=style)
