"""StatsD over UDP: at most once, since a datagram that the network or a full buffer drops is gone, and nobody is told.

While the feed has no room nothing is read, so what waits is bounded by the socket's buffer. The kernel counts what it drops there
(socket(7), SO_RXQ_OVFL), and so do we.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time

from climb.systems.processor.pipeline.errors import EdgeError
from climb.systems.processor.pipeline.model import UdpSource
from climb.systems.processor.sources.mapping import BadRecord, checked_sensor
from climb.systems.processor.sources.source import Collected, Ground
from climb.systems.processor.sources.statsd import Statsd

__all__ = ["Udp"]

_SO_RXQ_OVFL = 40  # asm-generic/socket.h; Python has no name for it
_MOST_DATAGRAM_BYTES = 65_535
_MOST_DATAGRAMS = 1000  # in one batch
_BUFFER_BYTES = 4 * 1024 * 1024  # asked for; the kernel gives what net.core.rmem_max allows


class Udp:
    """The source of a ``udp`` part."""

    def __init__(self, source: UdpSource, ground: Ground) -> None:
        self._source = source
        self._ground = ground
        self._statsd = Statsd()

    async def run(self) -> None:
        """Take datagrams until cancelled."""
        address = (self._source.host, self._source.port)
        with socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_DGRAM) as here:
            here.setblocking(False)
            here.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
            here.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)
            try:
                here.bind(address)
            except OSError as error:
                raise EdgeError(f"UDP {address[0]}:{address[1]} can't be used: {error.strerror or error}") from error
            while True:
                await _readable(here)
                collected = self._read(here)
                if collected:
                    await self._ground.feed.send(collected.batch())

    def _read(self, here: socket.socket) -> Collected:
        collected, now_ms = Collected(), int(time.time() * 1000)
        for _ in range(_MOST_DATAGRAMS):
            try:
                data, about, _flags, _sender = here.recvmsg(_MOST_DATAGRAM_BYTES, socket.CMSG_SPACE(4))
            except BlockingIOError:
                break
            for level, kind, content in about:
                if level == socket.SOL_SOCKET and kind == _SO_RXQ_OVFL:
                    self._ground.tally.lost = struct.unpack("I", content)[0]
            for line in data.splitlines():
                self._take(line, now_ms, collected)
        return collected

    def _take(self, line: bytes, now_ms: int, collected: Collected) -> None:
        self._ground.tally.read += 1
        try:
            metric = self._statsd.metric(line)
            sensor = checked_sensor(self._source.prefix + metric.name)
        except BadRecord as why:
            self._ground.tally.note_bad("a datagram", why)
        else:
            collected.add(sensor, self._ground.places.next_number(), now_ms, metric.value)


def _set(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


async def _readable(here: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(here, _set, ready)
    try:
        await ready
    finally:
        loop.remove_reader(here)
