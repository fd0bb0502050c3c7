"""Demands on what a processor shows, with what the report needs to explain them."""

from __future__ import annotations

from collections.abc import Sequence as Ordered

from climb.judge.evidence import Comparison, Evidence, Sequence, Table
from climb.judge.expect import Failure, expect
from climb.judge.history import History, Outcome
from climb.judge.sequences import sequence_of
from climb.projects.processor.driver import Running
from climb.projects.processor.rules import Facts, Finding, Model, Taken, Window, find_difference, find_disorder
from climb.projects.processor.rules.findings import name

__all__ = ["demand", "demand_counts", "demand_watermark", "demand_windows", "look_right"]

_ROWS = 24


async def demand_windows(
    running: Running, expected: Ordered[Facts], *, saw: str | None = None, history: History | None = None
) -> list[Window]:
    """Exactly these windows are shown, as soon as they should be. ``history`` says what led to them, for the report."""
    shown = await running.windows(len(expected))
    look_right(shown, expected, await running.percentile_error(), saw=saw or str(running.shape), history=history)
    return shown


def look_right(
    shown: Ordered[Window],
    expected: Ordered[Facts],
    percentile_error: float,
    *,
    saw: str | None = None,
    history: History | None = None,
) -> None:
    """These are exactly the windows that should be shown, in order."""
    finding = find_difference(expected, shown, percentile_error) or find_disorder(shown)
    drawn = () if finding is None or history is None else (_led_to(finding, history),)
    demand(finding, *drawn, saw=saw)


def demand(finding: Finding | None, *evidence: Evidence, saw: str | None = None) -> None:
    """There is nothing to find; else the check ends with it, and with the readings of the window that it is about."""
    if finding is None:
        return
    comparison = Comparison(
        subject=finding.subject,
        expected=finding.expected,
        received=finding.received,
        difference=finding.details,
        why=finding.why,
        saw=saw,
    )
    table = () if finding.facts is None else (_readings(finding.facts),)
    raise Failure(finding.kind, comparison, *table, *evidence)


async def demand_counts(running: Running, model: Model) -> None:
    """``GET /stats`` counts what the model counted, all of it from this start."""
    expected = {
        "accepted": model.counts[Taken.ACCEPTED],
        "late": model.counts[Taken.LATE],
        "duplicates": model.counts[Taken.DUPLICATE],
        "sensors": model.sensors,
    }
    stats = await running.stats()
    received = {field: getattr(stats, field) for field in expected}
    expect(received, "what /stats counts").equals(
        expected,
        why="All that was sent has been acknowledged, and what was acknowledged is in these numbers. Each good reading is in one of them.",
    )


async def demand_watermark(running: Running, model: Model) -> None:
    """The watermark in ``GET /stats`` comes to where the model has it."""
    stats = await running.stats_until(lambda stats: stats.watermark == model.watermark)
    expect(stats.watermark, "watermark in /stats").equals(
        model.watermark,
        why="It is the smallest clock of all sensors that are not idle, less LATENESS_MS, and never goes back. It may be a moment behind, and no more.",
        saw=str(running.shape),
    )


def _led_to(finding: Finding, history: History) -> Sequence:
    """The part of the history that matters: where the suspect was sent, or else where readings of the finding's window were sent in vain."""
    if finding.suspect is not None:
        around = [each for each in history.of("send") if finding.suspect in each.value]
    else:
        readings = set() if finding.facts is None else set(finding.facts.readings)
        sent = [each for each in history.of("send") if readings.intersection(each.value)]
        around = [each for each in sent if each.outcome is not Outcome.OK] or sent
    return sequence_of(history, subject="what led to it", around=around)


def _readings(facts: Facts) -> Table:
    """The readings of a window in the order of their values, which percentiles ask for."""
    ordered = sorted(facts.readings, key=lambda reading: reading.value)
    rows = [
        (str(place), f"{reading.value:.17g}", str(reading.ts), str(reading.seq))
        for place, reading in enumerate(ordered, 1)
    ]
    if len(rows) > _ROWS:
        half = _ROWS // 2
        rows = [*rows[:half], ("…", f"{len(rows) - 2 * half} more", "", ""), *rows[-half:]]
    return Table(
        subject=f"the readings of {name(facts)}, by value", columns=("place", "value", "ts", "seq"), rows=tuple(rows)
    )
