"""One request of a matrix, when it was asked and what came of it, and what that means at its moment."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from climb.judge.drivers.http1 import Answer
from climb.judge.expect import Failure
from climb.judge.matrix.demands import Demand

__all__ = ["Phases", "Probe", "Violation", "violation"]

_TOO_BUSY_S = 0.1


@dataclass(frozen=True)
class Phases:
    """The moments of a trouble: its faults begin and are there, begin to heal and are healed. Seconds since the check began."""

    begins: float
    there: float
    heals: float
    healed: float

    def settled(self, at: float, notice_s: float) -> bool:
        """Whether the trouble is certainly there at this moment, and was long enough for a program to have noticed."""
        return self.there + notice_s <= at < self.heals


@dataclass(frozen=True, kw_only=True, eq=False)
class Probe:
    """A request and its answer, or the ``failure`` that came instead. ``late_s`` is how late the judge was woken meanwhile, at most."""

    demand: Demand
    asked_at: float
    ended_at: float
    answer: Answer | None = None
    failure: Failure | None = None
    late_s: float = 0.0

    @property
    def seconds(self) -> float:
        """From the question to the end of the answer."""
        return self.ended_at - self.asked_at

    @property
    def status(self) -> int:
        """Of the answer; 0 for none."""
        return self.answer.status if self.answer else 0

    @property
    def gave_up(self) -> bool:
        """Whether the judge did not wait for the answer any longer."""
        return self.answer is None and self.failure is None

    @property
    def seen(self) -> str:
        """What came of it, in a few words."""
        return self.answer.line if self.answer else "no answer"


@dataclass(frozen=True)
class Violation:
    """Why a probe is not as demanded. If a busy machine could be the reason too: since when time counted, and by how much it was over."""

    probe: Probe
    expected: str
    received: str
    since: float = 0.0
    over_s: float | None = None

    def is_doubtful(self, late_s: float) -> bool:
        """Whether it is over by not much more than what the judge was late since then: others were as busy."""
        return self.over_s is not None and late_s > _TOO_BUSY_S and self.over_s < 2 * late_s


def violation(probe: Probe, phases: Phases, *, slack_s: float) -> Violation | None:
    """What is wrong with a probe, if anything is; ``slack_s`` is what every time may be longer on this machine."""
    demand, slack_s = probe.demand, slack_s + probe.late_s
    allowed, when = _allowed(probe, phases, slack_s)
    took = f"after {probe.seconds:.2f} s, asked {_moment(probe, phases)}"
    over_s = probe.seconds - demand.bound_s - slack_s
    if over_s > 0 and (probe.gave_up or probe.status in allowed):
        expected = f"an answer within {demand.bound_s:g} s ({slack_s:.2f} s more on this machine)"
        return Violation(probe, expected, f"{probe.seen} {took}", probe.asked_at, over_s)
    if probe.status not in allowed:
        recovering = probe.asked_at >= phases.healed and probe.status in demand.during
        over_s = probe.asked_at - phases.healed - demand.recovery_s - slack_s
        expected = f"{_statuses(allowed)} {when}"
        return Violation(probe, expected, f"{probe.seen} {took}", phases.healed, over_s if recovering else None)
    if demand.retry_after and probe.answer is not None and probe.status == 503 and not _says_when(probe.answer):
        said = probe.answer.headers.get("retry-after")
        received = "503 without Retry-After" if said is None else f"503 with Retry-After: {said}"
        return Violation(probe, "503 with Retry-After, in seconds or as a date", f"{received}, {took}")
    return None


def _allowed(probe: Probe, phases: Phases, slack_s: float) -> tuple[set[int], str]:
    """The statuses that will do at the moment of this probe, and that moment in words."""
    demand = probe.demand
    during, after = set(demand.during), set(demand.after)
    if probe.ended_at <= phases.begins:
        return after, "while nothing is wrong"
    if probe.asked_at >= phases.healed + demand.recovery_s + slack_s:
        return after, f"from {demand.recovery_s:g} s after the healing on"
    if probe.asked_at >= phases.healed:
        return during | after, f"within {demand.recovery_s:g} s after the healing"
    if probe.asked_at < phases.there + demand.notice_s or probe.ended_at > phases.heals:
        return during | after, "while it begins or heals"
    return during, "meanwhile"


def _moment(probe: Probe, phases: Phases) -> str:
    if probe.asked_at < phases.begins:
        return f"{phases.begins - probe.asked_at:.2f} s before it began"
    if probe.asked_at < phases.healed:
        return f"{probe.asked_at - phases.begins:.2f} s after it began"
    return f"{probe.asked_at - phases.healed:.2f} s after it was healed"


def _statuses(statuses: set[int]) -> str:
    return "status " + " or ".join(map(str, sorted(statuses)))


def _says_when(answer: Answer) -> bool:
    said = answer.headers.get("retry-after", "")
    if said.isascii() and said.isdigit():
        return True
    try:
        return bool(parsedate_to_datetime(said))
    except (TypeError, ValueError):
        return False
