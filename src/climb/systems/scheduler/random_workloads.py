"""Workloads drawn from a seed: kinds of tasks as they are met in practice, and any number of them.

Each task gets a priority, a nice value and tickets that say the same thing, so that every policy has something to go by.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

from climb.systems.scheduler.draws import Draws
from climb.systems.scheduler.model import Task, Workload

__all__ = ["KINDS", "Kind", "background", "computation", "person", "random_workload", "sensor"]

Kind = Literal["interactive", "batch", "mixed", "periodic"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_TICKETS = {-10: 932, -5: 305, 0: 100, 5: 33, 10: 11}  # in proportion to the weights of the nice values


def random_workload(seed: int, *, tasks: int = 8, cpus: int = 1, kind: Kind = "mixed") -> Workload:
    """``tasks`` tasks of one kind for ``cpus`` processors: the same for the same arguments, on every machine."""
    draws = Draws(seed)
    if kind == "periodic":
        return _periodic(draws, tasks, cpus)
    spread = max(1, tasks * 4 // cpus)  # arrivals keep pace with what the processors can do
    makers = _MAKERS[kind]
    return Workload(
        cpus=cpus,
        tasks=tuple(draws.one_of(makers)(draws, f"t{number}", spread) for number in range(1, tasks + 1)),
    )


def person(draws: Draws, name: str, spread: int) -> Task:
    """Somebody at a keyboard: short bursts with long pauses between them."""
    return _task(draws, name, spread, rounds=(3, 8), work=(1, 3), pause=(8, 40), nice=(-5, 0))


def background(draws: Draws, name: str, spread: int) -> Task:
    """A service that works a little, then waits for a disk, again and again."""
    return _task(draws, name, spread, rounds=(2, 5), work=(3, 10), pause=(3, 12), nice=(-5, 0, 5))


def computation(draws: Draws, name: str, spread: int) -> Task:
    """A computation that wants the processor and nothing else."""
    return _task(draws, name, spread, rounds=(0, 0), work=(15, 90), pause=(1, 1), nice=(0, 5, 10))


def sensor(draws: Draws, name: str, share_percent: int) -> Task:
    """A control loop that runs every period and takes at most ``share_percent`` of a processor."""
    period = draws.one_of((10, 12, 15, 20, 24, 30, 40, 60))
    work = max(1, period * share_percent // 100)
    return Task(id=name, bursts=(work,), period=period, priority=period)


def _task(
    draws: Draws,
    name: str,
    spread: int,
    *,
    rounds: tuple[int, int],
    work: tuple[int, int],
    pause: tuple[int, int],
    nice: tuple[int, ...],
) -> Task:
    bursts = [draws.between(*work)]
    for _ in range(draws.between(*rounds)):
        bursts += [draws.between(*pause), draws.between(*work)]
    level = draws.one_of(nice)
    return Task(
        id=name,
        arrival=draws.between(0, spread),
        bursts=tuple(bursts),
        priority=level,
        nice=level,
        tickets=_TICKETS[level],
    )


def _periodic(draws: Draws, tasks: int, cpus: int) -> Workload:
    """Sensors that ask for at most nine tenths of the processors, as far as a tick is small enough for that."""
    share = max(1, 90 * cpus // tasks)
    drawn = tuple(
        sensor(draws, f"t{number}", draws.between(max(1, share // 2), share)) for number in range(1, tasks + 1)
    )
    return Workload(cpus=cpus, tasks=drawn, until=240)


_MAKERS: dict[str, tuple[Callable[[Draws, str, int], Task], ...]] = {
    "interactive": (person,),
    "batch": (computation,),
    "mixed": (person, person, background, computation),
}
