"""Workloads from a few draws each, arranged so that shrinking finds the smallest.

Bugs of schedulers live where things coincide, so times are small numbers that collide often. Each task takes four draws, each
round begins at a multiple of 32: the shrinker leaves out aligned spans of such sizes, and so drops a task or a round in one move.
The first of a round's and of a task's draws says whether there is one at all, since a draw beyond the end of the list is 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from climb.judge.world.draws import Draws
from climb.projects.scheduler.rules import by_the_rules, situations
from climb.projects.scheduler.rules.policy import Policy
from climb.projects.scheduler.stages.names import names
from climb.projects.scheduler.workload import Options, Policy as PolicyName, Task, Workload

__all__ = ["Case", "Family", "Trait", "Variant", "cases", "single", "suits", "with_io"]

_ROUND = 32  # draws
_HEADER = 8
_PER_TASK = 4
_TRIES = 100  # rounds, if by then there is a workload of each variant
_MOST_TRIES = 2000
_GOES_ON = 999_999_999  # zero ends the rounds: it hardly comes by chance, and always past the end of recorded draws

Fields = Mapping[str, Any]
Case = tuple[Workload, Options]
Trait = str | type[Policy]  # a situation, or a mistake that would show


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """What workloads of one kind have in common. Each sequence has its simplest member first."""

    policies: Sequence[PolicyName]
    bursts: Sequence[tuple[int, ...]]
    arrivals: Sequence[int] = tuple(range(10))
    extras: Sequence[Fields] = ({},)  # further fields of a task
    more_extras: Sequence[Fields] = ({},)
    machines: Sequence[Fields] = ({},)  # further fields of the workload
    more_machines: Sequence[Fields] = ({},)
    options: Sequence[Fields] = ({},)
    more_options: Sequence[Fields] = ({},)
    most: int = 6

    def draw(self, draw: Draws) -> Case:
        """One workload with its options."""
        naming = draw.integer(0, 999)
        options = {"policy": draw.choice(self.policies), **draw.choice(self.options), **draw.choice(self.more_options)}
        machine = {**draw.choice(self.machines), **draw.choice(self.more_machines)}
        draw.integer(0, 0)  # the eighth draw of the header
        tasks = list(self._tasks(draw))
        named = tuple(Task(id=name, **fields) for name, fields in zip(names(naming, len(tasks)), tasks, strict=True))
        return Workload(tasks=named, **machine), Options(**options)

    def _tasks(self, draw: Draws) -> Iterator[dict[str, Any]]:
        for number in range(self.most):
            if draw.integer(0, self.most) == 0 and number:
                return
            fields = {"arrival": draw.choice(self.arrivals), "bursts": draw.choice(self.bursts)}
            # Two kinds of extras share one draw, so that a task keeps to four.
            which = draw.integer(0, len(self.extras) * len(self.more_extras) - 1)
            other, one = divmod(which, len(self.extras))
            yield {**fields, **self.extras[one], **self.more_extras[other]}


class Variant(msgspec.Struct, frozen=True):
    """Workloads of ``family`` that put all of ``wants`` to the test and nothing of ``avoids``, as the rules play them."""

    family: Family
    wants: Sequence[Trait] = ()
    avoids: Sequence[Trait] = ()


def cases(draw: Draws, *variants: Variant, most: int = 6) -> Iterator[Case]:
    """Up to ``most`` workloads, as many of each variant, and at least one of each.

    A variant of which thousands of draws find none would let every program pass, so it is a mistake of the check.
    """
    each = most // len(variants)
    wanted = [each] * len(variants)
    for number in range(_MOST_TRIES):
        if number >= _TRIES and each not in wanted:
            return
        kind = draw.integer(0, _GOES_ON)
        if kind == 0 and number:
            return
        open_ones = _open(wanted, each, late=number >= _TRIES)
        which = open_ones[kind % len(open_ones)]
        case = variants[which].family.draw(draw)
        if suits(case, variants[which]):
            wanted[which] -= 1
            yield case
        if not any(wanted):
            return
        for _ in range(_padding(case[0], variants[which].family)):
            draw.integer(0, 0)
    raise LookupError(f"no workload suits {variants[wanted.index(each)]}")


def _open(wanted: Sequence[int], each: int, *, late: bool) -> list[int]:
    """Which variants to draw for: those that are not complete, in the end only those without any workload."""
    return [which for which, left in enumerate(wanted) if left == each or (left and not late)]


def suits(case: Case, variant: Variant) -> bool:
    """Whether all that the variant wants and nothing that it avoids makes a difference in this case."""
    workload, options = case
    situated = situations(workload, options)
    if not all(trait in situated for trait in variant.wants if isinstance(trait, str)):
        return False
    if not situated.isdisjoint(trait for trait in variant.avoids if isinstance(trait, str)):
        return False
    rules = by_the_rules(workload, options).pieces

    def shows(mistake: type[Policy]) -> bool:
        return by_the_rules(workload, options, mistake(options)).pieces != rules

    return all(shows(trait) for trait in variant.wants if not isinstance(trait, str)) and not any(
        shows(trait) for trait in variant.avoids if not isinstance(trait, str)
    )


def single(longest: int) -> tuple[tuple[int, ...], ...]:
    """Tasks with one burst, of up to ``longest`` ticks."""
    return tuple((ticks,) for ticks in range(1, longest + 1))


def with_io(longest: int, longest_io: int) -> tuple[tuple[int, ...], ...]:
    """Tasks with one, two and three bursts of up to ``longest`` ticks, and I/O between of up to ``longest_io``."""
    work, io = range(1, longest + 1), range(1, longest_io + 1)
    two = [(one, wait, other) for one in work for wait in io for other in work]
    three = [(one, wait, one, wait, other) for one in work for wait in io for other in work]
    few = [*single(longest)] * math.ceil(len(two) / longest / 2)
    return tuple(sorted([*few, *two, *three], key=lambda bursts: (len(bursts), sum(bursts), bursts)))


def _padding(workload: Workload, family: Family) -> int:
    count = len(workload.tasks)
    drawn = _HEADER + _PER_TASK * count + (1 if count < family.most else 0)
    return -drawn % _ROUND
