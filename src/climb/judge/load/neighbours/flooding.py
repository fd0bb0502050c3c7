"""Requests as fast as they are taken, without waiting for answers, from a process of its own."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from climb.judge.load.flood_plan import FloodEnded, FloodOrder
from climb.judge.load.neighbours.count import Count, Farewell
from climb.judge.load.neighbours.line import Line
from climb.judge.load.neighbours.neighbour import Neighbour
from climb.judge.load.process import LoadProcess

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws

__all__ = ["Flooding"]


class _Flood(LoadProcess[FloodEnded, FloodEnded]):
    """The process under way."""

    def _loaded(self, ended: FloodEnded) -> FloodEnded:
        return ended


@dataclass(frozen=True, kw_only=True)
class Flooding(Neighbour):
    """Sends one request behind the other, and reads the answers. What became of it is counted at its end."""

    connections: int = 2
    name: ClassVar[str] = "flooding"

    @property
    def what(self) -> str:
        """What it asks for."""
        return f"{self.target} asked for as fast as the program takes it"

    async def stay(self, address: tuple[str, int], count: Count, began: asyncio.Event) -> None:
        """Flood until cancelled."""
        request = f"GET {self.target} HTTP/1.1\r\nHost: 127.0.0.1:{address[1]}\r\n\r\n".encode()
        order = FloodOrder(
            host=address[0],
            port=address[1],
            data=request,
            connections=self.connections,
            returns=self.returns,
            parent=os.getpid(),
        )
        async with _Flood("climb.judge.load.flood_sender", order, FloodEnded, opened_at=time.monotonic()) as flood:
            began.set()
            try:
                await asyncio.Event().wait()
            finally:
                _add(count, await flood.stop())

    async def behave(self, line: Line) -> None:
        """Not over a connection of this process."""
        raise NotImplementedError

    @classmethod
    def drawn(cls, draw: Draws, target: str) -> Self:
        """Up to 8 of them."""
        return cls(connections=draw.integer(1, 8), target=target)


def _add(count: Count, ended: FloodEnded) -> None:
    count.connected += ended.connected
    count.refused.update(ended.refused)
    count.ended.extend(Farewell(each.after_s, each.how, each.status) for each in ended.farewells)
    count.sent_bytes += ended.sent_bytes
    count.received_bytes += ended.received_bytes
