"""The options that say how to schedule and what: the same for every command that does."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Callable
from typing import Any, TypeVar

import click

from climb.errors import UsageError
from climb.systems.scheduler.model import POLICIES, Options, Policy, Queues

__all__ = ["MOST", "PolicyType", "engine_options", "machine_options", "options_for", "required", "whole"]

MOST = 1_000_000_000
_SEED_MOST = 2_147_483_646
_LISTED = ", ".join(POLICIES)
_Function = TypeVar("_Function", bound=Callable[..., Any])


class PolicyType(click.Choice[Policy]):
    """A policy by its name."""

    def __init__(self) -> None:
        super().__init__(POLICIES)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Policy:  # noqa: ARG002 - click's signature
        if value in POLICIES:
            return str(value)
        near = difflib.get_close_matches(str(value), POLICIES, n=1)
        raise UsageError(f"there is no policy {value!r}; there are {_LISTED}", next_step=_with_policy(near, ctx))


def required(policy: Policy | None) -> Policy:
    """The policy. Raises UsageError with those that there are if none was given."""
    if policy is None:
        raise UsageError(
            f"which policy? One of {_LISTED}", next_step=_with_policy([], click.get_current_context(silent=True))
        )
    return policy


def _with_policy(near: list[str], ctx: click.Context | None) -> str:
    """The same command with a policy that there is."""
    command = "climb sched run" if ctx is None else ctx.command_path
    takes_workload = ctx is None or "workload" in {each.name for each in ctx.command.params}
    workload = [(ctx and ctx.params.get("workload")) or "mixed"] if takes_workload else []
    return " ".join([command, *map(shlex.quote, workload), "--policy", near[0] if near else "rr"])


class _Whole(click.ParamType[int]):
    """A whole number within bounds, which are told when they are crossed."""

    name = "number"

    def __init__(self, least: int, most: int) -> None:
        self._least = least
        self._most = most

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            number = int(value)
        except ValueError:
            number = self._least - 1
        if not self._least <= number <= self._most:
            self.fail(f"must be a whole number from {self._least} to {self._most}, not {value!r}", param, ctx)
        return number


def whole(least: int, most: int = MOST) -> click.ParamType[int]:
    """A whole number from ``least`` to ``most``."""
    return _Whole(least, most)


_ENGINE = (
    click.option(
        "--quantum", type=whole(1), default=4, show_default=True, metavar="N",
        help="rr, mlfq, lottery, stride, eevdf: ticks of a time slice.",
    ),
    click.option(
        "--aging", type=whole(0), default=0, show_default=True, metavar="N",
        help="priority: ticks of waiting that count as one level; 0 for none.",
    ),
    click.option("--levels", type=whole(1), default=3, show_default=True, metavar="N", help="mlfq: how many queues."),
    click.option(
        "--allotment", type=whole(1), metavar="N",
        help="mlfq: ticks that a task may use on one level.  [default: the quantum]",
    ),
    click.option(
        "--boost", type=whole(0), default=0, show_default=True, metavar="N",
        help="mlfq: ticks between two boosts; 0 for none.",
    ),
    click.option(
        "--seed", type=whole(1, _SEED_MOST), default=1, show_default=True, metavar="N",
        help="lottery: where the random numbers begin.",
    ),
    click.option(
        "--latency", type=whole(1), default=24, show_default=True, metavar="N",
        help="cfs: ticks in which each task should have run once.",
    ),
    click.option(
        "--granularity", type=whole(1), default=3, show_default=True, metavar="N",
        help="cfs: the shortest slice, and the lead that a wake-up must have.",
    ),
    click.option(
        "--queues", type=click.Choice(["global", "per-cpu"]), default="global", show_default=True,
        help="One queue for all processors, or one for each.",
    ),
)  # fmt: skip

_MACHINE = (
    click.option("--cpus", type=whole(1, 64), metavar="N", help="Processors, instead of the workload's."),
    click.option("--switch-cost", type=whole(0), metavar="N", help="Ticks of a context switch, instead of the workload's."),
    click.option(
        "--migration-cost", type=whole(0), metavar="N",
        help="Ticks more on another processor, instead of the workload's.",
    ),
    click.option(
        "--draw", type=whole(1), default=1, show_default=True, metavar="N",
        help="Which variant of a named or random workload.",
    ),
    click.option("--tasks", type=whole(1, 100_000), default=8, show_default=True, metavar="N", help="random: how many tasks."),
)  # fmt: skip


def engine_options(function: _Function) -> _Function:
    """Add the contract's options, which arrive under their names."""
    for option in reversed(_ENGINE):
        function = option(function)
    return function


def machine_options(function: _Function) -> _Function:
    """Add the options that say which workload, and on what machine."""
    for option in reversed(_MACHINE):
        function = option(function)
    return function


def options_for(
    policy: Policy,
    *,
    quantum: int,
    aging: int,
    levels: int,
    allotment: int | None,
    boost: int,
    seed: int,
    latency: int,
    granularity: int,
    queues: Queues,
) -> Options:
    """The options of one policy, as the command line gave them."""
    return Options(
        policy=policy,
        quantum=quantum,
        aging=aging,
        levels=levels,
        allotment=allotment,
        boost=boost,
        seed=seed,
        latency=latency,
        granularity=granularity,
        queues=queues,
    )
