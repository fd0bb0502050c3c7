"""From a quantity to a place on an axis, and back to words: ranges, ticks, figures. The same for terminal and page.

An axis shows all its data. A mark that is far away from them, such as a prediction that was off by a factor of a hundred, would
squeeze everything else into nothing, so it stays beyond the end, and whoever draws says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import msgspec

from climb.labs.plot import Axis, Mark

__all__ = [
    "Scale",
    "across_scale",
    "figure",
    "length_scale",
    "linear_scale",
    "log_scale",
    "mark_words",
    "one_in",
    "percentile",
    "tick_label",
]

_LARGEST = 1e100  # beyond it spans overflow; nothing that is measured is near
_SMALLEST = 1e-100
_FAR_LINEAR = 4.0  # times the span of the data
_FAR_LOG = 1000.0  # times the data
_LAST_PERCENTILE = 100 - 1e-9
_ROUND_TO = 8  # a linear axis ends at a multiple of about this part of it
_STEPS = (1.0, 2.0, 5.0)
_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


class Scale(msgspec.Struct, frozen=True):
    """An axis from ``low`` to ``high``. On a logarithmic one both are above zero, on one of percentiles they are from 0 up to below 100."""

    low: float
    high: float
    log: bool = False
    whole: bool = False  # only whole numbers mean something on it, such as those of runs
    percentiles: bool = False

    def share(self, value: float) -> float:
        """Where ``value`` stands, 0 at the low end and 1 at the high end; what is beyond an end stands at the end."""
        if self.log and _tame(value) <= 0:
            return 0.0
        low, high, place = self._even(self.low), self._even(self.high), self._even(_tame(value))
        return min(max((place - low) / (high - low), 0.0), 1.0)

    def beyond(self, value: float) -> int:
        """-1 or 1 for a value that is beyond the low or the high end, else 0."""
        tame = _tame(value)
        slack = (self.high - self.low) * 1e-9
        return -1 if tame < self.low - (0 if self.log else slack) else 1 if tame > self.high + slack else 0

    def ticks(self, wanted: int) -> tuple[float, ...]:
        """About ``wanted`` round values to write at the axis: multiples of 1, 2 or 5, or decades on a logarithmic one."""
        if self.log:
            return _log_ticks(self.low, self.high, wanted)
        if self.percentiles:
            return tuple(100 - 100 / part for part in _log_ticks(1.0, one_in(self.high), wanted))
        step = max(_step((self.high - self.low) / max(wanted, 1)), 1.0 if self.whole else 0.0)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return tuple(number * step for number in range(first, last + 1))

    def label(self, tick: float) -> str:
        """What is written at a tick."""
        return percentile(tick) if self.percentiles else tick_label(tick)

    def _even(self, value: float) -> float:
        if self.percentiles:
            return math.log10(one_in(value))
        return math.log10(value) if self.log else value


def linear_scale(values: Iterable[float], marks: Iterable[float] = (), *, zero: bool, round_ends: bool = True) -> Scale:
    """A linear axis for ``values``; with ``zero`` it has zero on it, as lengths need."""
    known = [_tame(value) for value in values] + ([0.0] if zero else [])
    low, high = min(known, default=0.0), max(known, default=0.0)
    reach = (high - low) * _FAR_LINEAR
    near = [mark for mark in map(_tame, marks) if low == high or low - reach <= mark <= high + reach]
    low, high = min([low, *near]), max([high, *near])
    if high - low <= max(abs(low), abs(high)) * 1e-9:
        room = abs(high) / 2 or 1.0
        low, high = low if zero else low - room, high + room
    if not round_ends:
        return Scale(low, high, whole=high - low >= 1 and all(value == int(value) for value in known))
    step = _step((high - low) / _ROUND_TO)
    return Scale(math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step)


def log_scale(values: Iterable[float], marks: Iterable[float] = ()) -> Scale | None:
    """A logarithmic axis for the positive ones of ``values``; None if there are none."""
    known = [_tame(value) for value in values if _tame(value) > 0]
    if not known:
        return None
    low, high = min(known), max(known)
    near = [mark for mark in map(_tame, marks) if low / _FAR_LOG <= mark <= high * _FAR_LOG]
    low, high = _round_down(min([low, *near])), _round_up(max([high, *near]))
    return Scale(low, high if high > low * 1.5 else _round_up(low * 2), log=True)


def length_scale(axis: Axis, values: Iterable[float], marks: Iterable[Mark]) -> Scale:
    """The scale on which values are lengths or heights: from zero, unless the axis is logarithmic and they are positive."""
    known, pointed = list(values), [mark.value for mark in marks]
    return (log_scale(known, pointed) if axis.log else None) or linear_scale(known, pointed, zero=True)


def across_scale(axis: Axis, values: Iterable[float]) -> Scale:
    """The scale of what the lengths are drawn over: from the first value to the last."""
    known = list(values)
    if axis.percentiles:
        return Scale(0.0, min(max([90.0, *known]), _LAST_PERCENTILE), percentiles=True)
    return (log_scale(known) if axis.log else None) or linear_scale(known, zero=False, round_ends=False)


def mark_words(mark: Mark, scale: Scale) -> str:
    """A mark's label, which says so if its value is beyond the scale."""
    return mark.label + {-1: " (below this axis)", 0: "", 1: " (beyond this axis)"}[scale.beyond(mark.value)]


def figure(value: float) -> str:
    """A number to read: three significant digits or a whole number, powers of ten where zeros would have to be counted."""
    size = abs(value)
    if not math.isfinite(value):
        return "beyond all numbers"
    if size < 1e9 and value == int(value):
        return f"{value:,.0f}"  # a count is exact
    if not 1e-4 <= size < 1e9:
        digits, _, exponent = f"{value:.2e}".partition("e")
        return f"{float(digits):g} × 10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if abs(rounded) >= 100 else _plain(rounded)


def percentile(value: float) -> str:
    """A percentile with as many digits as tell it from 100."""
    rest = 100 - min(max(value, 0.0), _LAST_PERCENTILE)
    digits = max(1 - math.floor(math.log10(rest) + 1e-9), 0)
    written = f"{100 - rest:.{digits}f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def one_in(value: float) -> float:
    """Of how many one is above this percentile: 90 is 10, 99 is 100."""
    return 100 / (100 - min(max(_tame(value), 0.0), _LAST_PERCENTILE))


def tick_label(value: float) -> str:
    """A tick's number, with all the digits that it has."""
    size = abs(value)
    if size and not 1e-4 <= size < 1e6:
        digits, _, exponent = f"{value:.3g}".partition("e") if "e" in f"{value:.3g}" else f"{value:.2e}".partition("e")
        power = f"10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
        return power if float(digits) == 1 else f"{float(digits):g} × {power}"
    rounded = float(f"{value:.6g}")
    return f"{rounded:,.0f}" if rounded == int(rounded) else _plain(rounded)


def _plain(value: float) -> str:
    """Digits without an exponent."""
    return f"{value:.8f}".rstrip("0").rstrip(".")


def _tame(value: float) -> float:
    """``value`` within what can be reckoned with."""
    if abs(value) < _SMALLEST:
        return 0.0
    return min(max(value, -_LARGEST), _LARGEST)


def _step(least: float) -> float:
    """The smallest 1, 2 or 5 times a power of ten that is not below ``least``."""
    power = 10.0 ** math.floor(math.log10(least))
    return next((power * step for step in _STEPS if power * step >= least * (1 - 1e-9)), power * 10)


def _round_down(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value) + 1e-12)
    return max((power * step for step in _STEPS if power * step <= value * (1 + 1e-9)), default=power)


def _round_up(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value) + 1e-12)
    return next((power * step for step in _STEPS if power * step >= value * (1 - 1e-9)), power * 10)


def _log_ticks(low: float, high: float, wanted: int) -> tuple[float, ...]:
    first, last = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
    if last - first <= 2:
        within = tuple(tick for tick in _fine(first, last) if low * (1 - 1e-9) <= tick <= high * (1 + 1e-9))
        if len(within) <= wanted + 1:
            return within
    decades = [
        exponent for exponent in range(first, last + 1) if low * (1 - 1e-9) <= 10.0**exponent <= high * (1 + 1e-9)
    ]
    every = max(1, math.ceil(len(decades) / max(wanted, 1)))
    return tuple(10.0**exponent for exponent in decades if exponent % every == 0 or len(decades) == 1) or (low, high)


def _fine(first: int, last: int) -> Iterator[float]:
    for exponent in range(first, last + 1):
        yield from (10.0**exponent * step for step in _STEPS)
