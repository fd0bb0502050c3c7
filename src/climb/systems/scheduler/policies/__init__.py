"""The policies: one file each, and one line in this table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.systems.scheduler.policies.cfs import CompletelyFair
from climb.systems.scheduler.policies.edf import EarliestDeadlineFirst
from climb.systems.scheduler.policies.eevdf import EarliestEligibleVirtualDeadlineFirst
from climb.systems.scheduler.policies.fcfs import FirstComeFirstServed
from climb.systems.scheduler.policies.lottery import Lottery
from climb.systems.scheduler.policies.mlfq import MultiLevelFeedbackQueue
from climb.systems.scheduler.policies.priority import Priority
from climb.systems.scheduler.policies.rm import RateMonotonic
from climb.systems.scheduler.policies.rr import RoundRobin
from climb.systems.scheduler.policies.sjf import ShortestJobFirst
from climb.systems.scheduler.policies.srtf import ShortestRemainingTimeFirst
from climb.systems.scheduler.policies.stride import Stride

if TYPE_CHECKING:
    from collections.abc import Mapping

    from climb.systems.scheduler.policies.policy import Policy

__all__ = ["POLICY"]

POLICY: Mapping[str, type[Policy]] = {
    "fcfs": FirstComeFirstServed,
    "sjf": ShortestJobFirst,
    "srtf": ShortestRemainingTimeFirst,
    "rr": RoundRobin,
    "priority": Priority,
    "mlfq": MultiLevelFeedbackQueue,
    "lottery": Lottery,
    "stride": Stride,
    "cfs": CompletelyFair,
    "eevdf": EarliestEligibleVirtualDeadlineFirst,
    "edf": EarliestDeadlineFirst,
    "rm": RateMonotonic,
}
