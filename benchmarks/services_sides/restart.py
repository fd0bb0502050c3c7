"""A rolling restart under load, and what its clients saw.

Clients do what clients do: they keep a connection, leave it when an answer says ``Connection: close`` or its end is there before they ask, and turn to
the other instance when one takes no connections. None asks again: a request that was sent and not answered is lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from services_sides.servers import Served

__all__ = ["Came", "rolling_restart"]

CLIENTS = 32
PAUSE_S = 0.004
AROUND_S = 0.5


@dataclass
class Came:
    """What came of all requests."""

    answered: int = 0
    lost: list[str] = field(default_factory=list)
    moved_on: int = 0
    slowest_ms: float = 0.0
    exit_codes: list[int] = field(default_factory=list)

    def told(self) -> str:
        """The same as a line."""
        lost = f"{len(self.lost)} lost" + (f" ({'; '.join(sorted(set(self.lost)))})" if self.lost else "")
        moved = f"{self.moved_on} times a client moved on"
        return f"{self.answered:,} answered, {lost}, {moved}, slowest {self.slowest_ms:.0f} ms, exit codes {self.exit_codes}"


async def rolling_restart(instances: Sequence[Served], paths: Sequence[str]) -> Came:
    """Restart one after the other while clients follow links."""
    came, over = Came(), asyncio.Event()
    ports = [each.port for each in instances]
    clients = [asyncio.create_task(_client(number, ports, paths, came, over)) for number in range(CLIENTS)]
    try:
        await asyncio.sleep(AROUND_S)
        for instance in instances:
            came.exit_codes.append(await asyncio.to_thread(instance.stop))
            await asyncio.to_thread(instance.start)
            await asyncio.sleep(AROUND_S)
    finally:
        over.set()
        await asyncio.gather(*clients)
    return came


async def _client(number: int, ports: Sequence[int], paths: Sequence[str], came: Came, over: asyncio.Event) -> None:
    turn = number
    while not over.is_set():
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", ports[turn % len(ports)])
        except ConnectionError:
            came.moved_on += 1
            turn += 1
            await asyncio.sleep(PAUSE_S)
            continue
        try:
            await _ask(reader, writer, paths, came, over)
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            came.lost.append(f"{type(error).__name__}")
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, paths: Sequence[str], came: Came, over: asyncio.Event
) -> None:
    """Follow links over one connection until it is to be left."""
    while not over.is_set() and not reader.at_eof():
        began = time.perf_counter()
        writer.write(f"GET {paths[came.answered % len(paths)]} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 302"):
            came.lost.append(head[9:12].decode("ascii", "replace"))
            return
        came.answered += 1
        came.slowest_ms = max(came.slowest_ms, (time.perf_counter() - began) * 1000)
        if b"connection: close" in head.lower():
            return
        await asyncio.sleep(PAUSE_S)
