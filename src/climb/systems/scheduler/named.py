"""Workloads with a name: each shows one thing about schedulers, and takes some policies apart from others.

A name and a seed give the same workload everywhere. Other seeds vary the numbers, not what the workload shows.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from climb.systems.scheduler.draws import Draws
from climb.systems.scheduler.model import Task, Workload
from climb.systems.scheduler.random_workloads import background, computation, person

__all__ = ["NAMED", "Named", "named_workload"]


class Named(msgspec.Struct, frozen=True):
    """A workload with a name: ``shows`` is what to look at, ``separates`` which policies differ in it."""

    name: str
    shows: str
    separates: str
    build: Callable[[Draws], Workload]


def named_workload(name: str, seed: int = 1) -> Workload:
    """The workload of that name, drawn from ``seed``; LookupError if there is none."""
    try:
        return NAMED[name].build(Draws(seed))
    except KeyError:
        raise LookupError(f"there is no workload {name!r}; there are {', '.join(NAMED)}") from None


def _interactive(draws: Draws) -> Workload:
    people = [person(draws, name, 20) for name in ("editor", "shell", "browser", "mail", "chat", "player")]
    indexer = Task(id="indexer", bursts=(draws.between(80, 140),), nice=5, priority=5, tickets=33)
    return Workload(tasks=(*people, indexer))


def _batch(draws: Draws) -> Workload:
    return Workload(tasks=tuple(computation(draws, f"job{number}", 5) for number in range(1, 11)))


def _mixed(draws: Draws) -> Workload:
    makers = (("editor", person), ("shell", person), ("browser", person), ("database", background),
              ("logger", background), ("compiler", computation), ("encoder", computation), ("backup", computation))  # fmt: skip
    return Workload(tasks=tuple(maker(draws, name, 30) for name, maker in makers))


def _convoy(draws: Draws) -> Workload:
    pause = draws.between(8, 12)
    truck = [draws.between(50, 70)]
    for _ in range(3):
        truck += [draws.between(3, 6), draws.between(50, 70)]
    cars = [
        Task(id=f"car{number}", arrival=number, bursts=(*(draws.between(1, 2), pause) * 6, 1)) for number in range(1, 6)
    ]
    return Workload(tasks=(Task(id="truck", bursts=tuple(truck)), *cars))


def _starvation(draws: Draws) -> Workload:
    """Together the urgent ones want more than the processor, and none is away for long: one of them is always ready."""
    urgent = tuple(
        Task(
            id=f"urgent{number}",
            bursts=(*(part for _ in range(20) for part in (draws.between(3, 4), draws.between(4, 6))), 3),
            priority=1,
        )
        for number in range(1, 5)
    )
    return Workload(tasks=(*urgent, Task(id="patient", bursts=(draws.between(30, 40),), priority=5)))


def _shares(draws: Draws) -> Workload:
    tickets = {-10: 932, -5: 305, 0: 100, 5: 33, 10: 11}
    length = draws.between(300, 400)
    return Workload(
        tasks=tuple(
            Task(id=f"nice{nice:+d}" if nice else "nice0", bursts=(length,), nice=nice, priority=nice, tickets=share)
            for nice, share in tickets.items()
        )
    )


def _control(draws: Draws) -> Workload:
    """Liu and Layland's argument with numbers: fully loaded, but past the bound up to which fixed priorities always suffice.

    In the first 7 s ticks ``gyro`` runs twice, 2 s each. That leaves 3 s for ``motor``, which needs more by its deadline.
    Together the three ask for at most 14/35 + 20/35 + 1/35 = 1 of the processor, which is all that ``edf`` needs to know.
    """
    s = draws.between(2, 5)
    gyro = Task(id="gyro", bursts=(2 * s,), period=5 * s, priority=1)
    motor = Task(id="motor", bursts=(3 * s + draws.between(1, s),), period=7 * s, priority=2)
    logger = Task(id="logger", bursts=(s,), period=35 * s, priority=3)
    return Workload(tasks=(gyro, motor, logger), until=70 * s)


def _crowd(draws: Draws) -> Workload:
    makers = (person, background, computation)
    tasks = tuple(draws.one_of(makers)(draws, f"t{number}", 400) for number in range(1, 201))
    return Workload(cpus=4, migration_cost=1, switch_cost=1, tasks=tasks)


NAMED: dict[str, Named] = {
    each.name: each
    for each in (
        Named(
            "interactive",
            "Six people at their programs and one long computation behind them. What counts is the response.",
            "fcfs and sjf let the computation block everyone; rr, mlfq, cfs and eevdf do not.",
            _interactive,
        ),
        Named(
            "batch",
            "Ten computations that come almost together. What counts is the mean turnaround.",
            "sjf and srtf have the best mean; rr, which is fair at every moment, finishes nearly all of them late.",
            _batch,
        ),
        Named(
            "mixed",
            "Short and long tasks, with and without I/O, as on any desktop. No policy is best at everything.",
            "All of them: mlfq and eevdf answer soon, srtf finishes soon, fcfs switches least.",
            _mixed,
        ),
        Named(
            "convoy",
            "One task with long bursts, and five that need the processor for a moment between their I/O.",
            "Under fcfs the five queue behind the long one again and again; srtf and mlfq let them pass.",
            _convoy,
        ),
        Named(
            "starvation",
            "Four urgent tasks with short bursts, of which one is always ready, beside a long one that is not urgent.",
            "sjf, srtf and priority keep the long one waiting to the end; --aging 2, and all policies that take turns, do not.",
            _starvation,
        ),
        Named(
            "shares",
            "Five computations of one length and different weight: nice -10, -5, 0, 5 and 10.",
            "lottery, stride, cfs and eevdf share by weight; rr gives each the same; priority gives one everything.",
            _shares,
        ),
        Named(
            "control",
            "Three control loops that together ask for nearly all of the processor, each with its deadline.",
            "edf meets every deadline; rm, with its fixed order, misses some; the others do not look at deadlines.",
            _control,
        ),
        Named(
            "crowd",
            "Two hundred tasks of all sorts on four processors, where switching and moving cost a tick each.",
            "One queue for all against --queues per-cpu, and policies that switch often against those that do not.",
            _crowd,
        ),
    )
}
