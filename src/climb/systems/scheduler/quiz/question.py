"""Questions: a workload small enough to be done by hand, and the policy to play it under."""

from __future__ import annotations

import msgspec

from climb.systems.scheduler.draws import Draws
from climb.systems.scheduler.library import schedule
from climb.systems.scheduler.model import Options, Policy, Schedule, Task, Workload
from climb.systems.scheduler.policies.lottery import MODULUS, MULTIPLIER

__all__ = ["LEVELS", "LONGEST", "Question", "draw", "random_numbers"]

LEVELS = 4
LONGEST = 26  # ticks that anybody should have to write down
_SHORTEST = 8
_TRIES = 500

_BY_LEVEL: dict[int, tuple[Policy, ...]] = {
    1: ("fcfs", "sjf", "rr", "srtf"),
    2: ("srtf", "rr", "priority", "stride", "edf", "rm"),
    3: ("mlfq", "srtf", "rr", "priority", "stride", "cfs"),
    4: ("fcfs", "srtf", "rr", "priority", "mlfq", "eevdf"),
}
_PERIODIC = ("edf", "rm")


class Question(msgspec.Struct, frozen=True):
    """What is asked; the same seed, level and policy ask the same."""

    seed: int
    level: int
    workload: Workload
    options: Options

    def answer(self) -> Schedule:
        """What the rules say."""
        return schedule(self.workload, self.options)


def draw(seed: int, level: int, policy: Policy | None = None) -> Question:
    """A question in which somebody has to wait, and which is over within ``LONGEST`` ticks."""
    draws = Draws(seed)
    chosen: Policy = policy if policy is not None else draws.one_of(_BY_LEVEL[level])
    options = Options(policy=chosen, quantum=2, latency=6, granularity=1, levels=3, seed=draws.between(1, 9999))
    for _ in range(_TRIES):
        question = Question(seed, level, _workload(draws, level, chosen), options)
        if _is_worth_asking(question):
            return question
    raise AssertionError(f"no question for seed {seed}, level {level}, {chosen}")


def random_numbers(seed: int, count: int) -> list[int]:
    """The first numbers by which a lottery with this seed decides."""
    numbers, last = [], seed
    for _ in range(count):
        last = MULTIPLIER * last % MODULUS
        numbers.append(last)
    return numbers


def _is_worth_asking(question: Question) -> bool:
    """Short, and the policy matters: somebody waits, and who comes first is not served first by accident."""
    found = question.answer()
    if not _SHORTEST <= found.summary.makespan <= LONGEST or not any(task.waiting for task in found.tasks.values()):
        return False
    plain = schedule(question.workload, msgspec.structs.replace(question.options, policy="fcfs"))
    return question.options.policy == "fcfs" or found.timeline != plain.timeline


def _workload(draws: Draws, level: int, policy: Policy) -> Workload:
    cpus = 2 if level == LEVELS else 1
    count = {1: 3, 2: 4, 3: 3, 4: 4}[level]
    names = "ABCDEF"[:count]
    if policy in _PERIODIC:
        return _periodic(draws, names[: 2 if level < 3 else 3], cpus)
    return Workload(cpus=cpus, tasks=tuple(_task(draws, name, level, policy) for name in names))


def _task(draws: Draws, name: str, level: int, policy: Policy) -> Task:
    bursts = [draws.between(1, 5)]
    if level >= 3 and draws.between(0, 2):
        bursts += [draws.between(1, 4), draws.between(1, 3)]
    weighted = {
        "priority": {"priority": draws.between(1, 4)},
        "stride": {"tickets": draws.one_of((50, 100, 200))},
        "lottery": {"tickets": draws.one_of((50, 100, 200))},
        "cfs": {"nice": draws.one_of((-5, 0, 5))},
        "eevdf": {"nice": draws.one_of((0, 0, 5))},
    }
    return Task(
        id=name, arrival=draws.between(0, 2 + 2 * (level > 1)), bursts=tuple(bursts), **weighted.get(policy, {})
    )


def _periodic(draws: Draws, names: str, cpus: int) -> Workload:
    tasks = []
    for name in names:
        period = draws.between(3, 8)
        tasks.append(Task(id=name, bursts=(draws.between(1, max(1, period // 2)),), period=period))
    return Workload(cpus=cpus, until=draws.between(10, 16), tasks=tuple(tasks))
