"""What a load over HTTP came to, for checks, and as what a report shows of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from climb.judge.evidence import Curve, Percentiles, Series, Table
from climb.judge.load.histogram import Histogram
from climb.judge.load.http_plan import HttpEnded, HttpPlan, SlowAnswer
from climb.judge.load.process import Progress
from climb.sequence.model import Shade

__all__ = ["Answers", "HttpLoaded", "Slice", "loaded"]

_LATE_NS = 1_000_000
_LATE_SHARE = 0.01
_LATE_PART = 1 / 3
_BUSY = 0.9  # of the time: a process that is hardly ever without work is behind with it


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one of the requests: how often each status, and its latencies."""

    name: str
    by_status: dict[int, int]
    latencies: Histogram


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """The requests whose time was in one stretch, which begins at ``at`` (seconds since the check began), and their latencies."""

    at: float
    latencies: Histogram


class HttpLoaded(msgspec.Struct, frozen=True, kw_only=True):
    """What a load came to. Times are seconds since the check began.

    A latency counts from the time that the request should have left, to the end of its answer. Requests that were neither answered nor
    lost at the end are among the latencies, with the time that they had waited by then; those that failed (``errors``) are not.
    """

    plan: HttpPlan
    started: float
    ended: float
    idle_s: float  # in which processors had nothing to do meanwhile, all processors of the machine together
    cpu_s: float  # of the sending process itself
    kept_waiting_s: float  # in which it could have run, and others had the processors
    sent: int
    unanswered: int
    unsent: int  # no connection was free for them from their time to the end
    errors: dict[str, int]
    connects: int
    connects_failed: dict[str, int]
    latencies: Histogram
    lateness: Histogram
    answers: tuple[Answers, ...]
    slices: tuple[Slice, ...]
    slowest: tuple[SlowAnswer, ...]
    progress: tuple[Progress, ...]

    @property
    def seconds(self) -> float:
        """From the first request to the end of the last answer."""
        return self.ended - self.started

    @property
    def by_status(self) -> dict[int, int]:
        """How many answers had each status."""
        found: Counter[int] = Counter()
        for each in self.answers:
            found.update(each.by_status)
        return dict(sorted(found.items()))

    @property
    def answered(self) -> int:
        """How many requests were answered, with whatever status."""
        return sum(self.by_status.values())

    @property
    def failed(self) -> int:
        """How many were sent, and their connection ended before the answer was whole."""
        return sum(self.errors.values())

    @property
    def answers_per_s(self) -> float:
        """Over the whole time."""
        return self.answered / self.seconds if self.seconds else 0.0

    @property
    def late_sends(self) -> int:
        """How many requests left more than a millisecond after they could have, because the judge was late."""
        return self.lateness.above(_LATE_NS)

    @property
    def doubt(self) -> str:
        """Why these latencies say more of the judge than of the program; empty if they don't."""
        late_ms, latency_ms = self.lateness.percentile_ms(99), self.latencies.percentile_ms(99)
        if self.late_sends > self.sent * _LATE_SHARE and late_ms > latency_ms * _LATE_PART:
            return (
                f"one in a hundred requests left {late_ms:.1f} ms late or more, because the judge found no processor to send them;"
                f" the 99th percentile of the latencies, {latency_ms:.1f} ms, is largely that"
            )
        if self.plan.rate_per_s is not None and self.cpu_s + self.kept_waiting_s > _BUSY * self.seconds:
            return (
                f"of {self.seconds:.1f} s the judge used a processor for {self.cpu_s:.1f} s to send and receive, and waited for one"
                f" for {self.kept_waiting_s:.1f} s: this machine can't carry such a load now"
            )
        return ""

    def curve(self, label: str) -> Percentiles:
        """The latencies as one curve of a plot by percentile."""
        return Percentiles(label=label, points=self.latencies.curve())

    def slow_answers(self, subject: str = "the slowest answers", *, most: int = 10) -> Table:
        """The slowest, as evidence: when their time was, how long they took, what was asked and what came."""
        rows = tuple(
            (
                f"{each.at:.3f}",
                f"{each.latency_ms:.3g}",
                self.plan.requests[each.request].name,
                str(each.status) if each.status else "none by the end",
            )
            for each in self.slowest[:most]
        )
        return Table(subject=subject, columns=("at (s)", "latency (ms)", "request", "answer"), rows=rows)

    def over_time(self, subject: str, spans: Sequence[Shade] = ()) -> Series:
        """Median, 99th percentile and largest latency of each slice, as a plot with what was wrong meanwhile shaded."""
        middle = self.plan.slice_s / 2
        told = (("median", 50.0), ("99th percentile", 99.0), ("largest", 100.0))
        lines = tuple(
            Curve(
                label=label, points=tuple((each.at + middle, each.latencies.percentile_ms(p)) for each in self.slices)
            )
            for label, p in told
        )
        return Series(subject=subject, unit="ms", lines=lines, spans=tuple(spans))


def loaded(plan: HttpPlan, ended: HttpEnded, progress: Sequence[Progress], opened_at: float) -> HttpLoaded:
    """What the sending process told, with times since ``opened_at``."""
    started = ended.started - opened_at
    return HttpLoaded(
        plan=plan,
        started=started,
        ended=ended.ended - opened_at,
        idle_s=ended.idle_s,
        cpu_s=ended.cpu_s,
        kept_waiting_s=ended.kept_waiting_s,
        sent=ended.sent,
        unanswered=ended.unanswered,
        unsent=ended.unsent,
        errors=ended.errors,
        connects=ended.connects,
        connects_failed=ended.connects_failed,
        latencies=sum((kind.latencies for kind in ended.kinds), Histogram()),
        lateness=ended.lateness,
        answers=tuple(
            Answers(name=request.name, by_status=kind.by_status, latencies=kind.latencies)
            for request, kind in zip(plan.requests, ended.kinds, strict=True)
        ),
        slices=tuple(Slice(at=started + each.number * plan.slice_s, latencies=each.latencies) for each in ended.slices),
        slowest=tuple(msgspec.structs.replace(each, at=each.at - opened_at) for each in ended.slowest),
        progress=tuple(progress),
    )
