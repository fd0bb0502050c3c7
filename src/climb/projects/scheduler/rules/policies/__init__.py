"""The policies, a file for each."""

from __future__ import annotations

from climb.projects.scheduler.rules.policies.cfs import CompletelyFair
from climb.projects.scheduler.rules.policies.eevdf import EarliestEligible
from climb.projects.scheduler.rules.policies.fcfs import FirstCome
from climb.projects.scheduler.rules.policies.lottery import Lottery
from climb.projects.scheduler.rules.policies.mlfq import Feedback
from climb.projects.scheduler.rules.policies.priority import Priority
from climb.projects.scheduler.rules.policies.real_time import EarliestDeadline, RateMonotonic
from climb.projects.scheduler.rules.policies.round_robin import RoundRobin
from climb.projects.scheduler.rules.policies.shortest import ShortestJob, ShortestRemaining
from climb.projects.scheduler.rules.policies.stride import Stride
from climb.projects.scheduler.rules.policy import Policy
from climb.projects.scheduler.workload import Options

__all__ = ["policy_for"]

_POLICIES: dict[str, type[Policy]] = {
    "fcfs": FirstCome,
    "sjf": ShortestJob,
    "srtf": ShortestRemaining,
    "rr": RoundRobin,
    "priority": Priority,
    "mlfq": Feedback,
    "lottery": Lottery,
    "stride": Stride,
    "cfs": CompletelyFair,
    "eevdf": EarliestEligible,
    "edf": EarliestDeadline,
    "rm": RateMonotonic,
}


def policy_for(options: Options) -> Policy:
    """A policy at the beginning of a walk, with nothing counted yet."""
    return _POLICIES[options.policy](options)
