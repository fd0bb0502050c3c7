"""The weights of nice values and their inverses: ``sched_prio_to_weight`` and ``sched_prio_to_wmult`` in Linux' kernel/sched/core.c."""

from __future__ import annotations

__all__ = ["inverse", "weight"]

_WEIGHTS = (
    88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916,
    9548, 7620, 6100, 4904, 3906, 3121, 2501, 1991, 1586, 1277,
    1024, 820, 655, 526, 423, 335, 272, 215, 172, 137,
    110, 87, 70, 56, 45, 36, 29, 23, 18, 15,
)  # fmt: skip
_INVERSES = (
    48388, 59856, 76040, 92818, 118348,
    147320, 184698, 229616, 287308, 360437,
    449829, 563644, 704093, 875809, 1099582,
    1376151, 1717300, 2157191, 2708050, 3363326,
    4194304, 5237765, 6557202, 8165337, 10153587,
    12820798, 15790321, 19976592, 24970740, 31350126,
    39045157, 49367440, 61356676, 76695844, 95443717,
    119304647, 148102320, 186737708, 238609294, 286331153,
)  # fmt: skip


def weight(nice: int) -> int:
    """How much a nice value counts; 1024 for 0."""
    return _WEIGHTS[nice + 20]


def inverse(nice: int) -> int:
    """What a tick adds to the virtual runtime: about 2³² divided by the weight."""
    return _INVERSES[nice + 20]
