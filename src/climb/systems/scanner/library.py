"""Scanning from a program: an async iterator, and the plain iterator that says the same without asyncio."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import TYPE_CHECKING, TypedDict, Unpack

from climb.systems.scanner.engine import Engine
from climb.systems.scanner.plan import Plan
from climb.systems.scanner.ports import DEFAULT_PORTS, parse_ports, unique_ports
from climb.systems.scanner.targets import parse_targets

if TYPE_CHECKING:
    import asyncio

    from climb.systems.scanner.model import Found

__all__ = ["Wishes", "scan", "scan_blocking"]

MOST_WAITING = 64  # batches of findings that nobody has taken: then the scan stands still


class Wishes(TypedDict, total=False):
    """How to scan; each has the default of the command line."""

    ports: str | Iterable[int]  # numbers, or written as "80,443,8000-8100"
    timeout_s: float  # the longest life of one connection
    concurrency: int  # the most connections at any moment
    rate: float | None  # the most connections started in any second
    retries: int  # further connections to a silent port, within its timeout
    adaptive: bool  # give silent ports up early on hosts that are known to answer fast
    probe: bool  # ask what answers on open ports
    report_all: bool  # closed and filtered ports too
    allow_many: bool  # more than 65,536 hosts


def scan_blocking(targets: str | Iterable[str], **wishes: Unpack[Wishes]) -> Iterator[Found]:
    """Each open port of *targets*, as soon as all is known about it.

    A target is written as on the command line: an address, a name, a block or a range; several are given as a list.
    Raises ScanUsageError, before anything is scanned, for what can't be meant, such as a name that does not resolve.

        for found in scan_blocking("127.0.0.1", ports="1-1024"):
            print(found.port, found.service)

    Closing the iterator closes all connections. Between two findings the scan stands still while the caller is busy, so
    keep that short or use ``scan``.
    """
    return _findings(_plan(targets, wishes))


async def scan(targets: str | Iterable[str], **wishes: Unpack[Wishes]) -> AsyncIterator[Found]:
    """Like ``scan_blocking``, for programs that have an event loop: the scan runs in a thread of its own.

    Ends the scan and closes all connections when the task is cancelled or the iterator is closed, which leaving the loop
    early does not do by itself:

        async with aclosing(scan("127.0.0.1")) as findings:
            async for found in findings:
                break
    """
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    loop = asyncio.get_running_loop()
    thread = ThreadPoolExecutor(1, "scan")
    try:
        plan = await loop.run_in_executor(thread, _plan, targets, wishes)  # names are resolved there
        handover = _Handover(Engine(plan), loop)
        worker = loop.run_in_executor(thread, handover.work)
        try:
            while (batch := await handover.next_batch()) is not None:
                for found in batch:
                    yield found
        finally:
            handover.stop()
            await worker
            thread.shutdown()  # its work is done: this waits for no more than the thread's last step
    finally:
        thread.shutdown(wait=False)  # but a resolver that is slow to answer must not hold up the loop


class _Handover:
    """Brings findings from the scan's thread to the event loop, and the wish to stop back."""

    def __init__(self, engine: Engine, loop: asyncio.AbstractEventLoop) -> None:
        from asyncio import Queue

        self._engine = engine
        self._loop = loop
        self._batches: Queue[list[Found] | None] = Queue()
        self._room = threading.Semaphore(MOST_WAITING)

    def work(self) -> None:
        """The thread's part: scan to the end or until ``stop``."""
        try:
            with self._engine as engine:
                while not engine.finished:
                    batch = engine.turn()
                    if batch:
                        self._room.acquire()
                        self._loop.call_soon_threadsafe(self._batches.put_nowait, batch)
        finally:
            self._loop.call_soon_threadsafe(self._batches.put_nowait, None)

    async def next_batch(self) -> list[Found] | None:
        """What was found next; None at the end."""
        batch = await self._batches.get()
        self._room.release()
        return batch

    def stop(self) -> None:
        """End the scan, also if it waits for room."""
        self._engine.stop()
        self._room.release()


def _plan(targets: str | Iterable[str], wishes: Wishes) -> Plan:
    ports = wishes.get("ports", DEFAULT_PORTS)
    return Plan(
        targets=parse_targets(
            [targets] if isinstance(targets, str) else targets, allow_many=wishes.get("allow_many", False)
        ),
        ports=parse_ports(ports) if isinstance(ports, str) else unique_ports(ports),
        timeout_s=wishes.get("timeout_s", 1.0),
        concurrency=wishes.get("concurrency", 100),
        rate=wishes.get("rate"),
        retries=wishes.get("retries", 1),
        adaptive=wishes.get("adaptive", False),
        probe=wishes.get("probe", True),
        report_all=wishes.get("report_all", False),
    )


def _findings(plan: Plan) -> Iterator[Found]:
    with Engine(plan) as engine:
        while not engine.finished:
            yield from engine.turn()
