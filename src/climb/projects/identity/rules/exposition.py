"""Prometheus' text format, as far as counters and histograms need it: one sample a line, a name, labels, a value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

__all__ = ["NotMetrics", "Sample", "broken_histograms", "samples", "total"]

_LINE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?[ \t]+(\S+)(?:[ \t]+-?\d+)?(?:[ \t]+#.*)?$")
_LABEL = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"\s*(?:,|$)')
_ESCAPED = re.compile(r"\\(.)")


class NotMetrics(ValueError):
    """A line that is no sample: its number, from 1, and the line."""

    def __init__(self, number: int, line: str) -> None:
        super().__init__(f"line {number}: {line[:120]}")


class Sample(msgspec.Struct, frozen=True):
    """One line."""

    name: str
    labels: Mapping[str, str]
    value: float

    def has(self, **labels: str) -> bool:
        """Whether it has these labels, with these values."""
        return all(self.labels.get(name) == value for name, value in labels.items())


def samples(text: str) -> list[Sample]:
    """All samples of a page; raises NotMetrics for a line that is none."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        bare = line.strip("\r\t ")
        if not bare or bare.startswith("#"):
            continue
        matched = _LINE.match(bare)
        labels = _labels(matched[2] or "") if matched else None
        value = _number(matched[3]) if matched else None
        if matched is None or labels is None or value is None:
            raise NotMetrics(number, line)
        found.append(Sample(matched[1], labels, value))
    return found


def total(found: Iterable[Sample], name: str, **labels: str) -> float:
    """The sum of all samples of this name with these labels."""
    return sum(sample.value for sample in found if sample.name == name and sample.has(**labels))


def broken_histograms(found: Iterable[Sample], name: str) -> list[str]:
    """What is wrong with each series of this histogram: its buckets must not fall, and end with +Inf, which is its count."""
    series: dict[tuple[tuple[str, str], ...], list[tuple[float, float]]] = {}
    counts: dict[tuple[tuple[str, str], ...], float] = {}
    for sample in found:
        rest = tuple(sorted((label, value) for label, value in sample.labels.items() if label != "le"))
        if sample.name == f"{name}_bucket":
            series.setdefault(rest, []).append((_number(sample.labels.get("le", "")) or 0.0, sample.value))
        elif sample.name == f"{name}_count":
            counts[rest] = sample.value
    return [
        f"{dict(rest)}: {wrong}"
        for rest in sorted({*series, *counts})
        if (wrong := _broken(sorted(series.get(rest, [])), counts.get(rest)))
    ]


def _broken(buckets: list[tuple[float, float]], count: float | None) -> str:
    values = [value for _, value in buckets]
    if not buckets or buckets[-1][0] != float("inf"):
        return 'no bucket with le="+Inf"'
    if values != sorted(values):
        return "a bucket holds less than the one before it"
    if count != values[-1]:
        return f"its count is {count}, and the bucket +Inf {values[-1]:g}"
    return ""


def _labels(text: str) -> dict[str, str] | None:
    found: dict[str, str] = {}
    at = 0
    while at < len(text.rstrip()):
        matched = _LABEL.match(text, at)
        if matched is None:
            return None
        found[matched[1]] = _ESCAPED.sub(lambda each: "\n" if each[1] == "n" else each[1], matched[2])
        at = matched.end()
    return found


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
