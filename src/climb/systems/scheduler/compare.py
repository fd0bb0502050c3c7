"""Several policies on one workload: what each is worth, as numbers; how they look is decided by who shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import msgspec

from climb.systems.scheduler.jobs import job_times
from climb.systems.scheduler.model import Options, Summary, Workload
from climb.systems.scheduler.percentiles import Spread, spread

__all__ = ["MEASURES", "Compared", "Measure", "best_at", "compare", "measure", "ranked"]


class Compared(msgspec.Struct, frozen=True):
    """One policy with its options, and how its schedule did. The spreads are over the jobs."""

    options: Options
    summary: Summary
    jobs: int
    turnaround: Spread
    waiting: Spread
    response: Spread


class Measure(msgspec.Struct, frozen=True):
    """A number to compare by, what it says, and which end of it is the good one."""

    name: str
    says: str
    smaller_is_better: bool
    of: Callable[[Compared], float]


def compare(
    workload: Workload, options: Iterable[Options], *, watch: Callable[[Options, int], object] | None = None
) -> tuple[Compared, ...]:
    """Schedule ``workload`` once for each of ``options``, in their order.

    Now and then ``watch`` is told which it is, and how many segments there are so far.
    """
    return tuple(_compared(workload, each, watch) for each in options)


def ranked(runs: Sequence[Compared], by: str) -> list[Compared]:
    """``runs`` from best to worst by the measure of that name; equals stay in their order."""
    chosen = measure(by)
    return sorted(runs, key=chosen.of, reverse=not chosen.smaller_is_better)


def best_at(runs: Sequence[Compared]) -> list[tuple[str, ...]]:
    """For each of ``runs`` the names of the measures in which none is better; one in which all are equal tells nothing."""
    telling = [each for each in MEASURES if len({each.of(run) for run in runs}) > 1]
    best = {each.name: each.of(ranked(runs, each.name)[0]) for each in telling}
    return [tuple(each.name for each in telling if each.of(run) == best[each.name]) for run in runs]


def measure(name: str) -> Measure:
    """The measure of that name; LookupError if there is none."""
    for each in MEASURES:
        if each.name == name:
            return each
    raise LookupError(f"there is no measure {name!r}; there are {', '.join(each.name for each in MEASURES)}")


def _compared(workload: Workload, options: Options, watch: Callable[[Options, int], object] | None = None) -> Compared:
    from climb.systems.scheduler import schedule  # compiled code, which takes its time to load

    answer = schedule(workload, options, watch=None if watch is None else partial(watch, options))
    jobs = list(job_times(workload, answer.timeline))
    return Compared(
        options=options,
        summary=answer.summary,
        jobs=len(jobs),
        turnaround=spread(job.turnaround for job in jobs),
        waiting=spread(job.waiting for job in jobs),
        response=spread(job.response for job in jobs),
    )


MEASURES: tuple[Measure, ...] = (
    Measure("turnaround", "from arrival to completion, on average", True, lambda run: run.turnaround.mean),
    Measure("waiting", "ready but not running, on average", True, lambda run: run.waiting.mean),
    Measure("response", "from arrival to the first tick, on average", True, lambda run: run.response.mean),
    Measure("turnaround-p99", "the turnaround that one job in a hundred exceeds", True, lambda run: run.turnaround.p99),
    Measure("waiting-p99", "the waiting that one job in a hundred exceeds", True, lambda run: run.waiting.p99),
    Measure("response-p99", "the response that one job in a hundred exceeds", True, lambda run: run.response.p99),
    Measure("fairness", "how equal the speeds of the tasks are", False, lambda run: run.summary.fairness),
    Measure("makespan", "when the last task is done", True, lambda run: run.summary.makespan),
    Measure("utilization", "the part of the processors that is used", False, lambda run: run.summary.utilization),
    Measure("switches", "context switches", True, lambda run: run.summary.switches),
    Measure("missed-deadlines", "jobs that completed too late", True, lambda run: run.summary.missed_deadlines),
)
