"""Scanning from a program with an event loop."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import pytest

from climb.systems.scanner import ScanUsageError, State, scan, scan_blocking


def tarpit(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def scan_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("scan")]


async def test_findings_arrive_while_the_loop_runs(
    serve: Callable[..., Any], silent: Callable[[int], list[int]]
) -> None:
    """The loop is free for other tasks in the meantime."""
    ports = [serve(tarpit).port, *silent(1)]
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    other = asyncio.create_task(tick())
    found = {each.port: each.state async for each in scan("127.0.0.1", ports=ports, timeout_s=0.3, report_all=True)}
    other.cancel()

    assert found == {ports[0]: State.OPEN, ports[1]: State.FILTERED}
    assert ticks > 5


async def test_leaving_early_closes_everything(serve: Callable[..., Any], closed: Callable[[int], list[int]]) -> None:
    """The thread ends and the servers see their connections closed."""
    server = serve(tarpit)
    ports = [server.port, *closed(3)]
    async with aclosing(scan("127.0.0.1", ports=ports, timeout_s=15, report_all=True)) as findings:
        async for _ in findings:
            break
    began = time.monotonic()
    server.close()

    assert scan_threads() == []
    assert time.monotonic() - began < 5


async def test_a_cancelled_task_ends_the_scan(silent: Callable[[int], list[int]]) -> None:
    """At once, not when the timeout is over."""

    async def consume() -> None:
        async for _ in scan("127.0.0.1", ports=silent(3), timeout_s=15):
            pass

    task = asyncio.create_task(consume())
    await asyncio.sleep(0.1)
    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert time.monotonic() - began < 5
    assert scan_threads() == []


async def test_a_slow_consumer_gets_everything(closed: Callable[[int], list[int]]) -> None:
    """The scan waits for it rather than pile findings up, and nothing is lost."""
    ports = closed(300)
    count = 0
    async for _ in scan("127.0.0.1", ports=ports, report_all=True):
        count += 1
        if count % 100 == 0:
            await asyncio.sleep(0.01)

    assert count == 300


async def test_wrong_usage_is_raised_before_anything_is_scanned() -> None:
    """In the task that asked."""
    with pytest.raises(ScanUsageError, match="can't be a port"):
        async for _ in scan("127.0.0.1", ports="0"):
            pass


def test_the_blocking_iterator_checks_at_once() -> None:
    """The call raises, not the first step."""
    with pytest.raises(ScanUsageError):
        scan_blocking("300.0.0.1")


def test_closing_the_blocking_iterator_closes_connections(
    serve: Callable[..., Any], closed: Callable[[int], list[int]]
) -> None:
    """The server is left as soon as the caller has seen enough."""
    server = serve(tarpit)
    findings = scan_blocking("127.0.0.1", ports=[server.port, *closed(1)], timeout_s=15, report_all=True)
    next(findings)
    findings.close()  # type: ignore[attr-defined]  # it is a generator
    began = time.monotonic()
    server.close()

    assert time.monotonic() - began < 5
