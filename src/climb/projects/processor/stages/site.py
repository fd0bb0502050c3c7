"""A program that is killed and started again while devices send to it, and devices that do what the brief asks of a client.

A device keeps its readings until they are acknowledged, and after a broken connection resends everything after the last ack that it has seen.
What it sent in vain may have been taken or not; what was acknowledged was taken for certain. The history keeps the two apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from climb.judge.drivers.connection import ConnectionLost
from climb.judge.faults import Place
from climb.judge.history import PROGRAM, Recorder
from climb.judge.world import World
from climb.projects.processor.driver import Processor, Running, Sender, highest
from climb.projects.processor.rules import Reading, Shape

if TYPE_CHECKING:
    from climb.judge.drivers.service import Instance
    from climb.judge.world.proxy import Proxy

__all__ = ["Device", "Site"]

_AGAIN_S = 0.02  # between attempts to connect


class Site:
    """Where the program runs, on one data folder through all its lives. ``workers``: how many in each of them, the last for all later ones."""

    def __init__(self, processor: Processor, world: World, shape: Shape, *, workers: Sequence[int] = (1,)) -> None:
        self.recorder = Recorder(clock=processor.service.now)
        self._processor = processor
        self._world = world
        self._shape = shape
        self._workers = list(workers)
        self.running: Running
        self.proxy: Proxy | None = None

    async def start(self) -> Running:
        """Start it, the first time or again."""
        workers = self._workers.pop(0) if len(self._workers) > 1 else self._workers[0]
        self.running = await self._processor.start(self._shape, workers=workers)
        if self.proxy is not None:
            self.proxy.aim(self.running.instance.ports["INGEST_PORT"])
        return self.running

    async def kill(self) -> None:
        """SIGKILL."""
        await self.running.instance.kill()
        self.recorder.event(PROGRAM, "killed", "kill -9")

    async def restart(self, *, at_once: bool = False) -> Running:
        """SIGKILL, and a start on the same folder. ``at_once``: not even one answer is waited for before."""
        if not at_once:
            await self.running.stats()
        await self.kill()
        running = await self.start()
        self.recorder.event(PROGRAM, "started", "started again")
        return running

    async def place(self) -> Place:
        """Where faults act: behind a proxy, with a program that can be started again."""
        self.proxy = await self._world.proxy(self.running.instance.ports["INGEST_PORT"])
        return Place(program=self.running.instance, start=self._start_instance, proxy=self.proxy)

    async def connect(self, name: str) -> Sender:
        """Connect to the program, through the proxy if there is one; tries again while it refuses."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.running.patience_s
        while True:
            try:
                address = None if self.proxy is None else self.proxy.address
                return await self.running.connect(name=name, at=address)
            except ConnectionLost:
                if loop.time() > deadline:
                    raise
                await asyncio.sleep(_AGAIN_S)

    async def _start_instance(self) -> Instance:
        return (await self.start()).instance


class Device:
    """A client with readings of some sensors. ``piece``: how many it sends before it waits for their acks."""

    def __init__(self, site: Site, name: str, readings: Sequence[Reading], *, piece: int = 20) -> None:
        self.acked: dict[str, int] = {}
        self._site = site
        self._name = name
        self._readings = readings
        self._piece = piece
        self._sender: Sender | None = None

    @property
    def left(self) -> list[Reading]:
        """What is not acknowledged yet."""
        return [reading for reading in self._readings if reading.seq > self.acked.get(reading.sensor, 0)]

    async def send_all(self) -> None:
        """Send until everything is acknowledged, however often the connection breaks."""
        while left := self.left:
            sender = await self._connected()
            for begin in range(0, len(left), self._piece):
                if not await self._send(sender, left[begin : begin + self._piece]):
                    break

    async def send_until_it_ends(self) -> None:
        """Send without waiting for acks until the program ends the connection; then hear what is left to hear."""
        sender = await self._connected()
        left = self.left
        for begin in range(0, len(left), self._piece):
            piece = left[begin : begin + self._piece]
            pending = self._site.recorder.begin(self._name, "send", piece, label=_words(piece))
            try:
                await sender.send(*piece)
            except ConnectionLost:
                pending.unknown("the connection is gone")
                break
            await asyncio.sleep(0)
            sender.catch_up()
            if sender.client.closed_by_peer:
                break
        await sender.close_when_ended()
        self.acked |= sender.acked
        self._sender = None

    async def _connected(self) -> Sender:
        if self._sender is None or self._sender.client.closed_by_peer:
            self._sender = await self._site.connect(self._name)
        return self._sender

    async def _send(self, sender: Sender, piece: Sequence[Reading]) -> bool:
        pending = self._site.recorder.begin(self._name, "send", list(piece), label=_words(piece))
        try:
            await sender.send(*piece)
            answered = await sender.answered(*piece)
        except ConnectionLost:
            answered = False
        sender.catch_up()
        self.acked |= sender.acked
        if answered:
            pending.ok(answer=f"ack {', '.join(f'{sensor} {seq}' for sensor, seq in list(highest(piece).items())[:3])}")
        else:
            pending.unknown("the connection broke")
            self._sender = None
        return answered


def _words(readings: Sequence[Reading]) -> str:
    first, last = readings[0], readings[-1]
    return (
        f"{first.sensor} {first.seq} … {last.sensor} {last.seq}" if len(readings) > 1 else f"{first.sensor} {first.seq}"
    )
