"""Where the windows that were shown differ from those that should have been, as exactly as a reader needs it to find the mistake."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from climb.projects.processor.rules.facts import PERCENTILES, Facts, Window
from climb.projects.processor.rules.reading import Reading

__all__ = ["SUM_TOLERANCE", "Finding", "find_difference", "find_disorder", "name"]

SUM_TOLERANCE = 1e-9  # of the sum, or mean, of the absolute values
_ROUNDING = 1e-12  # a percentile that was computed with the stated error is still rounded to a double
_LISTED = 6


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One difference: what kind it is, its subject, both sides in words, more of it, and the window's facts if it is about one."""

    kind: str  # the same for all readings and sensors, so that shrinking can tell whether a smaller case fails alike
    subject: str
    expected: str
    received: str
    why: str
    details: tuple[str, ...] = ()
    facts: Facts | None = None
    suspect: Reading | None = None  # the one that explains the difference


def find_difference(expected: Sequence[Facts], shown: Sequence[Window], percentile_error: float) -> Finding | None:
    """The first thing that is wrong with ``shown``, whatever order it is in; None if all of it is right."""
    return (
        _repeated(shown) or _missing(expected, shown) or _too_many(expected, shown)
        or next(_differing(expected, shown, percentile_error), None)
    )  # fmt: skip


def find_disorder(shown: Sequence[Window]) -> Finding | None:
    """The first two neighbours that stand in the wrong order."""
    for one, other in itertools.pairwise(shown):
        if one.place > other.place:
            return Finding(
                kind="the order of the windows",
                subject="the order of the windows",
                expected=f"{name(other)} before {name(one)}",
                received=f"{name(one)} first",
                why="Windows are ordered by start, then by sensor (bytes). Readers page through them in this order.",
            )
    return None


def name(window: Facts | Window) -> str:
    """A window in a few words."""
    return f"{window.sensor} [{window.start}, {window.end})"


def _repeated(shown: Sequence[Window]) -> Finding | None:
    twice = [place for place, count in Counter(window.place for window in shown).items() if count > 1]
    if not twice:
        return None
    window = next(window for window in shown if window.place == twice[0])
    times = sum(window.place == twice[0] for window in shown)
    return Finding(
        kind="a window that is shown twice",
        subject=f"the window {name(window)}",
        expected="shown once",
        received=f"shown {times} times",
        why="A sensor has one window for a start. Shown twice, its readings are counted twice by whoever adds windows up.",
        details=_rest("shown more than once", twice),
    )


def _missing(expected: Sequence[Facts], shown: Sequence[Window]) -> Finding | None:
    places = {window.place for window in shown}
    missing = [facts for facts in expected if facts.place not in places]
    if not missing:
        return None
    facts = missing[0]
    return Finding(
        kind="a window that is not shown",
        subject=f"the window {name(facts)}",
        expected=f"shown, with {_readings(facts.count)}",
        received="not shown",
        why="The watermark has reached its end, so it is closed, and a closed window is shown.",
        details=_rest("not shown", [each.place for each in missing]) + _instead(expected, shown),
        facts=facts,
    )


def _instead(expected: Sequence[Facts], shown: Sequence[Window]) -> tuple[str, ...]:
    """Windows that are shown and should not be: perhaps the missing ones under another start."""
    places = {facts.place for facts in expected}
    extra = [window for window in shown if window.place not in places]
    if not extra:
        return ()
    more = f", and {len(extra) - 1} more" if len(extra) > 1 else ""
    return (f"shown instead: {name(extra[0])}, with a count of {extra[0].count}{more}",)


def _too_many(expected: Sequence[Facts], shown: Sequence[Window]) -> Finding | None:
    places = {facts.place for facts in expected}
    extra = [window for window in shown if window.place not in places]
    if not extra:
        return None
    window = extra[0]
    return Finding(
        kind="a window that should not be shown",
        subject=f"the window {name(window)}",
        expected="not shown",
        received=f"shown, with a count of {window.count}",
        why="No reading that counts is in it, or the watermark has not reached its end. Only closed windows with readings are shown.",
        details=_rest("too many", [each.place for each in extra]),
    )


def _differing(expected: Sequence[Facts], shown: Sequence[Window], percentile_error: float) -> Iterator[Finding]:
    by_place = {window.place: window for window in shown}
    for facts in expected:
        window = by_place[facts.place]
        wrong = list(_wrong_fields(facts, window, percentile_error))
        if wrong:
            field, right, received, why = wrong[0]
            suspect, words = _guess(facts, window)
            details = tuple(f"{one[0]}: expected {one[1]}, received {one[2]}" for one in wrong[1:])
            yield Finding(
                kind=f"{field} of a window",
                subject=f"{field} of the window {name(facts)}",
                expected=right,
                received=received,
                why=why,
                details=details + words,
                facts=facts,
                suspect=suspect,
            )


def _wrong_fields(facts: Facts, window: Window, percentile_error: float) -> Iterator[tuple[str, str, str, str]]:
    yield from _wrong_wholes(facts, window)
    yield from _wrong_sums(facts, window)
    for field, q in PERCENTILES.items():
        exact, estimate = facts.percentile(q), getattr(window, field)
        if not abs(estimate - exact) <= percentile_error * abs(exact) + _ROUNDING * abs(exact):
            right = f"{exact:.17g}" + (f", give or take {percentile_error:g} of it" if percentile_error else "")
            why = (
                f"It is the value at place ⌈{float(q):g}·{facts.count}⌉ of {_readings(facts.count)} in order. An estimate may differ by the "
                f"percentile_error that /stats states, times the value."
            )
            yield field, right, f"{estimate:.17g}{_relative(estimate, exact)}", why


def _wrong_wholes(facts: Facts, window: Window) -> Iterator[tuple[str, str, str, str]]:
    why = {
        "end": "A window ends WINDOW_MS after its start.",
        "count": "Each accepted reading counts once in each of its windows, and no other does.",
        "min": "The smallest value is a value that was sent, so it is exact.",
        "max": "The largest value is a value that was sent, so it is exact.",
        "first_ts": "It is the smallest ts, whatever order the readings came in.",
        "last_ts": "It is the largest ts, whatever order the readings came in.",
    }
    values = facts.values
    exact = {
        "end": facts.end,
        "count": facts.count,
        "min": values[0],
        "max": values[-1],
        "first_ts": facts.first_ts,
        "last_ts": facts.last_ts,
    }
    for field, right in exact.items():
        if getattr(window, field) != right:
            yield (
                field,
                f"{right:.17g}" if isinstance(right, float) else str(right),
                str(getattr(window, field)),
                why[field],
            )


def _wrong_sums(facts: Facts, window: Window) -> Iterator[tuple[str, str, str, str]]:
    why = "It may be off by 10⁻⁹ of the {} of the absolute values, which adding doubles stays far below."
    for field, exact, scale in (
        ("sum", facts.sum, facts.absolute_sum),
        ("mean", facts.mean, facts.absolute_sum / facts.count),
    ):
        received = getattr(window, field)
        if not abs(received - exact) <= SUM_TOLERANCE * scale:
            yield field, f"{exact:.17g}", f"{received:.17g}{_relative(received, exact)}", why.format(field)


def _guess(facts: Facts, window: Window) -> tuple[Reading | None, tuple[str, ...]]:
    """If leaving one reading out, or counting one twice, explains the count and the sum: which one."""
    difference = window.count - facts.count
    if abs(difference) != 1:
        return None, ()
    off = (window.sum - facts.sum) * difference
    fitting = [one for one in facts.readings if abs(one.value - off) <= SUM_TOLERANCE * (facts.absolute_sum + 1)]
    if len(fitting) != 1:
        return None, ()
    return fitting[0], (f"as if this one had been {'counted twice' if difference > 0 else 'left out'}: {fitting[0]}",)


def _relative(received: float, exact: float) -> str:
    return f"   (off by {100 * abs(received - exact) / abs(exact):.3g} %)" if exact else ""


def _readings(count: int) -> str:
    return f"{count} {'reading' if count == 1 else 'readings'}"


def _rest(what: str, places: Sequence[tuple[int, bytes]]) -> tuple[str, ...]:
    """The others of a kind, when there is more than the one that is shown."""
    if len(places) < 2:
        return ()
    listed = ", ".join(f"{sensor.decode()} from {start}" for start, sensor in places[:_LISTED])
    more = f", … and {len(places) - _LISTED} more" if len(places) > _LISTED else ""
    return (f"{what}, {len(places)} in all: {listed}{more}",)
