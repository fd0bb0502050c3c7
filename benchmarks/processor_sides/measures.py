"""What is measured of our side alone: the delay of windows, the recovery from kill -9, and memory over minutes."""

from __future__ import annotations

import http.client
import json
import os
import signal
import statistics
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
from processor_sides import ours
from processor_sides.client import Client, now_ms
from processor_sides.endless import Endless
from processor_sides.readings import LATENESS_MS, Asked
from processor_sides.watch import watched

__all__ = ["delay", "recovery", "soak"]

SENSORS = 100
TICK_S = 0.01  # from one block to the next, where a rate is kept
STEP_MS = 10  # event time of a block, where none is kept
SHOWN_S = 5.0


def delay(folder: Path, command: Sequence[str], *, workers: int, rate: int, seconds: float) -> dict[str, float]:
    """From sending the reading that closes a window to its event in the stream, at so many readings a second."""
    asked = Asked(0, SENSORS, window_ms=1000, slide_ms=1000)
    source = Endless(SENSORS, max(1, round(rate * TICK_S / SENSORS)))
    sent: dict[int, float] = {}  # end of a window: when the first reading at or after it, with the lateness, was sent
    with (
        ours.running(asked, folder, workers=workers, command=command) as service,
        Client(service.ingest_port, source) as client,
    ):
        seen = _follow(service, end := threading.Event())
        began = time.perf_counter()
        ticks = 0
        while time.perf_counter() - began < seconds:
            ts = now_ms()
            reached = (ts - LATENESS_MS) // 1000 * 1000
            client.send(ts)
            sent.setdefault(reached, time.perf_counter())
            ticks += 1
            time.sleep(max(0.0, began + ticks * TICK_S - time.perf_counter()))
        client.wait_for_acks()
        time.sleep(SHOWN_S)
        end.set()
    first = min(sent)  # what was closed before it was closed by no reading
    delays = sorted(shown - sent[stop] for stop, shown in seen if stop in sent and stop > first)
    ranked = {f"p{percent}_ms": 1000 * delays[-(-percent * len(delays) // 100) - 1] for percent in (50, 99)}
    return {"windows": len(delays), "rate": ticks * source.readings / seconds, "max_ms": 1000 * delays[-1], **ranked}


def _follow(service: ours.Service, end: threading.Event) -> list[tuple[int, float]]:
    """Read the stream of events in a thread; each window's end with when it came."""
    seen: list[tuple[int, float]] = []
    connection = http.client.HTTPConnection(service.url.removeprefix("http://"), timeout=30)
    connection.request("GET", "/stream")
    answer = connection.getresponse()

    def read() -> None:
        while not end.is_set():
            try:
                line = answer.readline()
            except OSError:
                return
            if line.startswith(b"data:"):
                seen.append((json.loads(line[5:])["end"], time.perf_counter()))
            if not line:
                return

    threading.Thread(target=read, daemon=True).start()
    return seen


def recovery(folder: Path, command: Sequence[str], *, workers: int, readings: int) -> dict[str, float]:
    """Take so many readings, kill -9 everything, start again: until it is ready, until the first ack, and the rate then."""
    asked = Asked(0, SENSORS)
    source = Endless(SENSORS, 100)
    blocks, after = -(-readings // source.readings), max(1, min(readings // 10, 1_000_000) // source.readings)
    with ours.running(asked, folder, workers=workers, command=command) as service:
        with Client(service.ingest_port, source) as client:
            before = _sent(client, 0, blocks)
        _kill(service.process.pid)
    began = time.perf_counter()
    with ours.running(asked, folder, workers=workers, command=command) as service:
        ready = time.perf_counter() - began
        taken = service.get("/stats")["accepted"]
        with Client(service.ingest_port, source) as client:
            client.send(_ts(blocks), STEP_MS / source.turns)
            client.wait_for_acks()
            first = time.perf_counter() - began
            rate = _sent(client, blocks + 1, after)
    if taken != blocks * source.readings:
        raise RuntimeError(f"{blocks * source.readings} readings were acknowledged, {taken} are there after the crash")
    return {"readings": taken, "ready_s": ready, "first_ack_s": first, "rate_before": before, "rate_after": rate}


def _sent(client: Client, first: int, blocks: int) -> float:
    """Send blocks as fast as they are taken; return readings a second until the last ack."""
    began = time.perf_counter()
    for number in range(first, first + blocks):
        client.send(_ts(number), STEP_MS / client.source.turns)
    client.wait_for_acks()
    return blocks * client.source.readings / (time.perf_counter() - began)


def _ts(block: int) -> int:
    return 1_700_000_000_000 + block * STEP_MS


def _kill(pid: int) -> None:
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    for process in family:
        os.kill(process.pid, signal.SIGKILL)
    psutil.wait_procs(family, timeout=10)


def soak(folder: Path, command: Sequence[str], *, workers: int, seconds: float) -> dict[str, Any]:
    """Send as fast as it takes for so long; memory in the second quarter of the time and in the last."""
    asked = Asked(0, SENSORS)
    source = Endless(SENSORS, 100)
    with (
        ours.running(asked, folder, workers=workers, command=command) as service,
        Client(service.ingest_port, source) as client,
        watched([service.process.pid]) as used,
    ):
        began, blocks = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            client.send(_ts(blocks), STEP_MS / source.turns)
            blocks += 1
        client.wait_for_acks()
        took = time.perf_counter() - began
    quarter = max(1, len(used.memory_mib) // 4)
    early, late = used.memory_mib[quarter : 2 * quarter], used.memory_mib[-quarter:]
    return {
        "readings": blocks * source.readings,
        "rate": blocks * source.readings / took,
        "early_mib": statistics.median(early or used.memory_mib),
        "late_mib": statistics.median(late),
        "peak_mib": used.peak_mib,
    }
