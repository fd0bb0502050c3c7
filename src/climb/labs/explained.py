"""Stored results with what they mean, for whoever shows them; and what several results of a lab say together."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import msgspec

from climb.labs import store
from climb.labs.lab import Explanation, Lab
from climb.labs.plot import Axis, Line, LinePlot, Point
from climb.labs.remarks import prediction_verdict, trust
from climb.labs.result import Result
from climb.labs.statistics import median
from climb.labs.words import number

__all__ = ["Explained", "Medians", "earlier", "explained", "medians", "over_time"]

_LEAST = 3  # results that make a course
_KEPT = 512


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """A result and what it means. Without ``explanation`` the lab has changed so much that it can't tell any more."""

    result: Result
    explanation: Explanation | None = None
    verdict: str | None = None
    trust: tuple[str, ...] = ()


class Medians(msgspec.Struct, frozen=True, kw_only=True):
    """One condition in a line: what can be said of any result, whatever has become of its lab."""

    series: str
    at: float | None
    median: float
    unit: str
    count: int


_explained: dict[bytes, Explained] = {}


def explained(lab: Lab, result: Result) -> Explained:
    """``result`` with its meaning, which takes some ten milliseconds the first time: intervals are drawn anew."""
    # A result never changes, and neither does the lab while this process lives.
    key = hashlib.sha256(msgspec.json.encode(result)).digest()
    if key not in _explained:
        if len(_explained) >= _KEPT:
            _explained.clear()
        _explained[key] = _explain(lab, result)
    return _explained[key]


def _explain(lab: Lab, result: Result) -> Explained:
    if not result.finished:
        return Explained(result=result)
    try:
        meaning = lab.explanation(result)
        verdict = prediction_verdict(lab, result, meaning)
        return Explained(result=result, explanation=meaning, verdict=verdict, trust=tuple(trust(result, meaning)))
    except Exception:  # the lab's own code, which may trip over anything in a result of an earlier version
        return Explained(result=result)


def earlier(home: Path, lab: Lab, most: int) -> list[Explained]:
    """The newest finished results, at most ``most``, the newest last."""
    newest = islice(store.newest_first(home, lab.slug), most)
    return [explained(lab, result) for result in newest][::-1]


def medians(result: Result) -> list[Medians]:
    """Every condition's median."""
    return [
        Medians(
            series=sample.series, at=sample.at, median=median(sample.values), unit=sample.unit, count=len(sample.values)
        )
        for sample in result.samples
        if sample.values
    ]


def over_time(lab: Lab, seen: Sequence[Explained]) -> LinePlot | None:
    """The answers of the runs with the newest one's knobs, in their order; None if there are fewer than three."""
    known = [each for each in seen if each.explanation is not None]
    alike = [each for each in known if each.result.knobs == known[-1].result.knobs]
    if len(alike) < _LEAST:
        return None
    unit = lab.prediction.unit
    answers = [each.explanation.answer for each in alike if each.explanation is not None]
    measured = tuple(Point.of(run, a) for run, a in enumerate(answers, 1))
    said = tuple(
        Point(x=run, y=each.result.predicted.value)
        for run, each in enumerate(alike, 1)
        if each.result.predicted is not None
    )
    lines = (Line(label="measured", points=measured), *((Line(label="predicted", points=said),) if said else ()))
    return LinePlot(
        title=f"The last {len(alike)} runs with these knobs",
        alt=f"Measured {', '.join(number(answer.value) for answer in answers)} {unit}, the newest last.",
        x=Axis(label="run, the newest last"),
        y=Axis(label="answer", unit=unit),
        lines=lines,
    )
