"""What a lab's run leaves: the prediction, the knobs, the machine, and every single measurement."""

from __future__ import annotations

import msgspec

from climb.errors import CourseError

__all__ = ["Machine", "Predicted", "Quiet", "Result", "Sample"]


class Predicted(msgspec.Struct, frozen=True, kw_only=True):
    """What the learner said before the run; ``because`` is their reason, if they gave one."""

    value: float
    because: str = ""


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Where it was measured; nothing here names the owner."""

    system: str
    processor: str
    cores: int
    memory_bytes: int
    python: str


class Quiet(msgspec.Struct, frozen=True, kw_only=True):
    """What else went on during the run, as shares of all processors' time: 0.1 is a tenth."""

    others: float  # used by other processes
    stolen: float  # given by the hypervisor to other machines


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """All measurements of one condition, in the order they were taken. ``at`` is the x value, if the series has one."""

    series: str
    unit: str
    values: tuple[float, ...]
    at: float | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a lab. Without ``finished`` it holds only the prediction: the run was cut short, or is under way."""

    lab: str
    id: str
    started_at: str
    knobs: dict[str, int | float | str]
    predicted: Predicted | None = None
    machine: Machine | None = None
    quiet: Quiet | None = None
    samples: tuple[Sample, ...] = ()
    facts: dict[str, float | str] = {}
    seconds: float = 0.0
    finished: bool = False
    failed: str | None = None  # why the run ended without a result

    def values(self, series: str, at: float | None = None) -> tuple[float, ...]:
        """The measurements of one condition. Raises CourseError if there are none."""
        for sample in self.samples:
            if sample.series == series and sample.at == at:
                return sample.values
        raise CourseError(f"lab {self.lab}: the result {self.id} has no series {series!r} at {at!r}")

    def series(self, name: str) -> dict[float, tuple[float, ...]]:
        """A series' measurements by their x value, in its order."""
        found = {sample.at: sample.values for sample in self.samples if sample.series == name and sample.at is not None}
        return dict(sorted(found.items()))

    def number(self, fact: str) -> float:
        """A fact that is a number. Raises CourseError if it is missing or a text."""
        value = self.facts.get(fact)
        if not isinstance(value, int | float):
            raise CourseError(f"lab {self.lab}: the result {self.id} has no number {fact!r}")
        return float(value)
