"""The engine with a policy's functions in the place of the defaults, as plain Python."""

from __future__ import annotations

from functools import cache
from types import FunctionType
from typing import TYPE_CHECKING, Any

from climb.systems.scheduler import engine
from climb.systems.scheduler.policies import POLICY
from climb.systems.scheduler.policies.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Callable

    from climb.systems.scheduler.state import Machine

__all__ = ["chosen_by", "engine_of"]


def chosen_by(policy: str) -> dict[str, Any]:
    """Return what the engine calls by name, from the policy or, where that says nothing, from the defaults."""
    hooks = {name: getattr(POLICY[policy], name) for name in vars(Policy) if not name.startswith("_")}
    return {name.upper() if name in ("replaces", "ages") else name: value for name, value in hooks.items()}


@cache
def engine_of(policy: str) -> Callable[[Machine, int], int]:
    """Return ``advance`` for a policy: the engine's own code, which looks its names up in a place of its own."""
    names = {**vars(engine), **chosen_by(policy)}
    for name, value in vars(engine).items():
        if isinstance(value, FunctionType) and value.__module__ == engine.__name__:
            names[name] = FunctionType(value.__code__, names, name, value.__defaults__)
    advance: Callable[[Machine, int], int] = names["advance"]
    return advance
