"""What all connections of a server share."""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

from climb.systems.http.answer import Answer, Opening, Say, plain
from climb.systems.http.head import Head
from climb.systems.http.resource import AtOnce, Find
from climb.systems.http.sending import InThread
from climb.systems.http.settings import Limits
from climb.systems.http.wheel import Wheel

if TYPE_CHECKING:
    from climb.systems.http.connection import Connection

__all__ = ["Answered", "Shared", "tell_on_stderr"]

Answered = Callable[[Head | None, Answer], None]  # the request, if it was one


def tell_on_stderr(error: BaseException) -> None:
    """Say what went wrong in a resource, for whoever runs the server."""
    traceback.print_exception(error, file=sys.stderr)


class Shared:
    """The resources, the limits, the clock, and who is connected."""

    __slots__ = (
        "answered", "at_once", "connections", "find", "freed", "freed_much", "head_s", "idle_s", "in_thread", "loop", "max_body_bytes",
        "max_head_bytes", "opening", "say", "stall_s", "stopping", "tell", "wheel",
    )  # fmt: skip

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        find: Find,
        limits: Limits,
        in_thread: InThread,
        answered: Answered | None = None,
        tell: Callable[[BaseException], None] = tell_on_stderr,
        say: Say = plain,
        at_once: AtOnce | None = None,
    ) -> None:
        self.loop = loop
        self.find = find
        self.max_head_bytes = limits.max_head_bytes
        self.max_body_bytes = limits.max_body_bytes
        self.head_s = limits.head_ms / 1000
        self.stall_s = limits.stall_ms / 1000
        self.idle_s = limits.idle_ms / 1000
        self.in_thread = in_thread
        self.answered = answered
        self.tell = tell
        self.say = say
        self.at_once = at_once
        self.opening = Opening()
        self.wheel = Wheel(monotonic())
        self.connections: set[Connection] = set()
        self.stopping = False
        self.freed_much = False  # memory, of which some might be given back
        self.freed: Callable[[], None] = lambda: None  # called when a connection has ended
