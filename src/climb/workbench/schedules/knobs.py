"""What can be turned on the scheduler's page: each knob with its range, and the policies that it matters to."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from climb.systems.scheduler.model import POLICIES, Options, Policy

__all__ = ["KNOBS", "MACHINE", "Knob", "used"]

_LARGEST = 1_000_000_000  # the brief's bound for every number


class Knob(msgspec.Struct, frozen=True, kw_only=True):
    """One number. A slider goes from ``least`` to ``handy``; what is typed may be up to ``most``."""

    name: str
    label: str
    says: str
    least: int
    handy: int
    default: int | None = None
    most: int = _LARGEST
    policies: tuple[Policy, ...] = POLICIES
    rare: bool = False  # kept out of sight until it is asked for


KNOBS = (
    Knob(
        name="quantum",
        label="Quantum",
        says="ticks of one turn",
        least=1,
        handy=40,
        default=Options(policy="rr").quantum,
        policies=("rr", "mlfq", "lottery", "stride", "eevdf"),
    ),
    Knob(
        name="boost",
        label="Boost",
        says="ticks between two boosts, 0 for none",
        least=0,
        handy=200,
        default=0,
        policies=("mlfq",),
    ),
    Knob(
        name="levels", label="Levels", says="queues of mlfq", rare=True, least=1, handy=8, default=3, policies=("mlfq",)
    ),
    Knob(
        name="allotment",
        label="Allotment",
        says="ticks on one level; empty: the quantum",
        rare=True,
        least=1,
        handy=40,
        policies=("mlfq",),
    ),
    Knob(
        name="aging",
        label="Aging",
        says="ticks of waiting for one level, 0 for none",
        least=0,
        handy=40,
        default=0,
        policies=("priority",),
    ),
    Knob(
        name="latency",
        label="Latency",
        says="ticks in which each task should have run once",
        least=1,
        handy=96,
        default=24,
        policies=("cfs",),
    ),
    Knob(
        name="granularity",
        label="Granularity",
        says="ticks of the shortest slice",
        least=1,
        handy=24,
        default=3,
        policies=("cfs",),
    ),
    Knob(
        name="seed",
        label="Seed",
        says="where the lottery begins",
        rare=True,
        least=1,
        handy=40,
        default=1,
        most=2_147_483_646,
        policies=("lottery",),
    ),
)
MACHINE = (
    Knob(name="cpus", label="Processors", says="1 to 64", least=1, handy=8, most=64),
    Knob(name="switch_cost", label="Switch cost", says="ticks of a context switch", rare=True, least=0, handy=10),
    Knob(
        name="migration_cost",
        label="Migration cost",
        says="ticks more on another processor",
        rare=True,
        least=0,
        handy=10,
    ),
)


def used(knob: Knob, policies: Collection[str]) -> bool:
    """Whether one of ``policies`` looks at it."""
    return any(policy in policies for policy in knob.policies)
