"""What a nice value is worth to Linux' scheduler: ``sched_prio_to_weight`` of kernel/sched/core.c."""

from __future__ import annotations

__all__ = ["weight_of"]

_LEAST_NICE = -20
# fmt: off
_WEIGHTS = (
    88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916,
    9548, 7620, 6100, 4904, 3906, 3121, 2501, 1991, 1586, 1277,
    1024, 820, 655, 526, 423, 335, 272, 215, 172, 137,
    110, 87, 70, 56, 45, 36, 29, 23, 18, 15,
)
# fmt: on


def weight_of(nice: int) -> int:
    """The weight of a nice value from -20 to 19; a task's share is its part of the sum of those that compete."""
    return _WEIGHTS[nice - _LEAST_NICE]
