"""The sending process's side: the plan on its standard input, the byte that lets it go, and what it tells on its output."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable
from typing import Protocol, TypeVar

import msgspec

from climb.judge.load.plan import Ready
from climb.parent import end_with_parent

__all__ = ["Planned", "follow", "tell"]


class Planned(Protocol):
    """What every plan has: the process whose end is the end of the load."""

    @property
    def parent(self) -> int:
        """Its number."""


P = TypeVar("P", bound=Planned)


def follow(kind: type[P], prepared: Callable[[P], Callable[[], msgspec.Struct]]) -> None:
    """Read the plan, prepare, wait for the byte, send, and tell what came of it. The end of standard input before it ends all."""
    plan = msgspec.json.decode(sys.stdin.buffer.readline(), type=kind)
    end_with_parent(plan.parent)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    send = prepared(plan)
    tell(Ready())
    if os.read(sys.stdin.fileno(), 1):
        tell(send())


def tell(value: msgspec.Struct) -> None:
    """A line to the judge."""
    sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")
    sys.stdout.buffer.flush()
