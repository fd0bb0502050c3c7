"""What simulated sensors know of what they sent, and whether a processor says the same."""

from __future__ import annotations

import bisect
import math
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from climb.systems.processor.sensors.model import Line
from climb.systems.processor.sinks.rows import Row

__all__ = ["Compared", "Counts", "Totals", "compare"]

_AGE_ERROR_S = 0.2  # a start takes longer, and an answer hardly ever
_SUM_ERROR = 1e-9  # of the sum of the absolute values, as the brief has it


@dataclass(frozen=True)
class Counts:
    """What ``/stats`` tells of readings, before a simulation or after it."""

    accepted: int = 0
    late: int = 0
    duplicates: int = 0
    rejected: int = 0
    watermark: int | None = None
    percentile_error: float = 0.02
    began_s: float | None = None  # when it was started, on this machine's monotonic clock, if it tells

    def is_of_a_later_start(self, before: Counts) -> bool:
        """Whether the processor was seen to have been started again between the two."""
        return self.began_s is not None and before.began_s is not None and self.began_s > before.began_s + _AGE_ERROR_S


@dataclass
class Totals:
    """All that was sent."""

    taken: int = 0
    resent: int = 0
    broken: int = 0
    values: dict[str, tuple[array[int], array[float]]] = field(default_factory=dict)
    """for each sensor its times and values, if they are kept"""
    keep: bool = True

    def add(self, line: Line) -> None:
        """Note one line."""
        if line.broken:
            self.broken += 1
        elif line.again:
            self.resent += 1
        else:
            self.taken += 1
            if self.keep:
                times, values = self.values.setdefault(line.sensor, (array("q"), array("d")))
                times.append(line.ts)
                values.append(line.value)


@dataclass(frozen=True)
class Compared:
    """What came of a comparison: how many windows were looked at, and what differs, a sentence each."""

    windows: int
    differences: list[str]


def compare(totals: Totals, before: Counts, after: Counts, rows: Iterable[Row]) -> Compared:
    """Hold what a processor says against what was sent."""
    found = list(_counts(totals, before, after))
    late = after.late - before.late
    by_sensor: dict[str, list[Row]] = {}
    for row in rows:
        if row.sensor in totals.values:
            by_sensor.setdefault(row.sensor, []).append(row)
    slide = math.gcd(*(number for rows in by_sensor.values() for row in rows for number in (row.start, row.end)))
    missing = 0
    for sensor, (times, values) in totals.values.items():
        ordered = sorted(zip(times, values, strict=True))
        known = by_sensor.get(sensor, [])
        for row in known:
            missing += sum(_row(row, ordered, after.percentile_error, found, exact=late == 0))
        if late == 0 and known:
            found += _absent(sensor, ordered, known, after.watermark or 0, slide)
    if late and not missing:
        found.append(f"{late:,} readings were late, but no window lacks one")
    return Compared(sum(map(len, by_sensor.values())), found)


def _counts(totals: Totals, before: Counts, after: Counts) -> Iterator[str]:
    taken = after.accepted + after.late - before.accepted - before.late
    if taken != totals.taken:
        yield f"accepted and late readings are {taken:,}, not {totals.taken:,}"
    if after.is_of_a_later_start(before):
        return  # what was rejected or came twice is counted from the start on
    if after.rejected - before.rejected < totals.broken:
        yield f"rejected lines are {after.rejected - before.rejected:,}, not {totals.broken:,}"
    if after.duplicates - before.duplicates < totals.resent:
        yield f"duplicates are {after.duplicates - before.duplicates:,}, not {totals.resent:,} or more"


def _row(
    row: Row, ordered: Sequence[tuple[int, float]], error: float, found: list[str], *, exact: bool
) -> Iterator[int]:
    """Compare a window with what it should hold; yields how many readings it lacks."""
    inside = ordered[
        bisect.bisect_left(ordered, (row.start, -math.inf)) : bisect.bisect_left(ordered, (row.end, -math.inf))
    ]
    values = sorted(value for _, value in inside)
    lacks = len(values) - row.count
    yield max(0, lacks)
    name = f"{row.sensor} from {row.start}"
    if lacks < 0 or (exact and lacks):
        found.append(f"{name}: count is {row.count}, not {len(values)}")
    if lacks or not values:
        return
    expected = {"min": values[0], "max": values[-1], "first_ts": inside[0][0], "last_ts": inside[-1][0]}
    found += [
        f"{name}: {key} is {getattr(row, key)}, not {value}"
        for key, value in expected.items()
        if getattr(row, key) != value
    ]
    allowed = _SUM_ERROR * math.fsum(map(abs, values))
    if abs(row.sum - math.fsum(values)) > allowed:
        found.append(f"{name}: sum is {row.sum}, not {math.fsum(values)}")
    if abs(row.mean - math.fsum(values) / len(values)) > allowed / len(values):
        found.append(f"{name}: mean is {row.mean}, not {math.fsum(values) / len(values)}")
    for key, per_cent in (("p50", 50), ("p95", 95), ("p99", 99)):
        value = values[-(-per_cent * len(values) // 100) - 1]
        if abs(getattr(row, key) - value) > error * abs(value) + 1e-12:
            found.append(f"{name}: {key} is {getattr(row, key)}, not within {error:.1%} of {value}")


def _absent(
    sensor: str, ordered: Sequence[tuple[int, float]], rows: Sequence[Row], watermark: int, slide: int
) -> Iterator[str]:
    """Windows that must be closed and are not there."""
    length, there = rows[0].end - rows[0].start, {row.start for row in rows}
    wanted: set[int] = set()
    for ts, _ in ordered:
        last = ts // slide * slide
        wanted.update(range(last, max(-1, last - length), -slide))
    for start in sorted(wanted - there):
        if start + length <= watermark:
            yield f"{sensor} from {start}: the window is closed, and not there"
