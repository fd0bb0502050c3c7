"""What a matrix found: one cell for each trouble and request, and the evidence that shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from climb.judge.curves import thinned
from climb.judge.evidence import Curve, Series, Table
from climb.judge.matrix.demands import Demand, Trouble
from climb.judge.matrix.probes import Phases, Probe
from climb.sequence.model import Shade

__all__ = ["Cell", "Matrix", "Row"]


@dataclass(frozen=True)
class Cell:
    """One kind of request in one trouble: the probes, in the order in which they were asked."""

    demand: Demand
    phases: Phases
    probes: tuple[Probe, ...]

    @property
    def during(self) -> tuple[Probe, ...]:
        """Those that were asked from the beginning of the trouble to its healing."""
        return tuple(each for each in self.probes if self.phases.begins <= each.asked_at < self.phases.healed)

    @property
    def statuses(self) -> Counter[int]:
        """How often each status was seen of those; 0 is no answer."""
        return Counter(each.status for each in self.during)

    @property
    def worst_s(self) -> float:
        """The longest that an answer took, at any time."""
        return max((each.seconds for each in self.probes), default=0.0)

    @property
    def recovered_s(self) -> float | None:
        """How long after the healing the first answer came behind which all were good; None if none was."""
        good_from: float | None = None
        for each in self.probes:
            if each.asked_at >= self.phases.healed or each.ended_at > self.phases.heals:
                good = each.status in self.demand.after
                good_from = (each.ended_at if good_from is None else good_from) if good else None
        return None if good_from is None else max(good_from - self.phases.healed, 0.0)

    def __str__(self) -> str:
        seen = " ".join(str(status or "none") for status in sorted(self.statuses)) or "not asked"
        back = "not back" if self.recovered_s is None else f"back {self.recovered_s:.1f} s"
        return f"{seen}, {self.worst_s:.2f} s, {back}"


@dataclass(frozen=True)
class Row:
    """One trouble, tried."""

    trouble: Trouble
    phases: Phases
    cells: tuple[Cell, ...]

    def cell(self, name: str) -> Cell | None:
        """Of the request of this name, if it was asked here."""
        return next((cell for cell in self.cells if cell.demand.name == name), None)


@dataclass
class Matrix:
    """All troubles that were tried so far."""

    rows: list[Row] = field(default_factory=list)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def table(self, subject: str = "what was answered", pointed: Probe | None = None) -> Table:
        """A row for each trouble and a column for each request: statuses, longest answer, time until all was well again."""
        names = list(dict.fromkeys(cell.demand.name for row in self.rows for cell in row.cells))
        marks = [number for number, row in enumerate(self.rows) if _points_at(row.cells, pointed)]
        lines = tuple((str(row.trouble), *(_shown(row.cell(name), pointed) for name in names)) for row in self.rows)
        return Table(subject=subject, columns=("what is wrong", *names), rows=lines, mark=marks[0] if marks else None)

    def series(self, row: Row, spans: Sequence[Shade], subject: str = "how long answers took") -> Series:
        """The answer times of each request of a row over time, with what was wrong shaded."""
        lines = tuple(
            Curve(label=cell.demand.name, points=thinned([(each.asked_at, each.seconds) for each in cell.probes]))
            for cell in row.cells
            if cell.probes
        )
        return Series(subject=subject, unit="s", lines=lines, spans=tuple(spans))


def _points_at(cells: Sequence[Cell], probe: Probe | None) -> bool:
    return probe is not None and any(probe in cell.probes for cell in cells)


def _shown(cell: Cell | None, pointed: Probe | None) -> str:
    if cell is None:
        return ""
    return f"→ {cell}" if _points_at((cell,), pointed) else str(cell)
