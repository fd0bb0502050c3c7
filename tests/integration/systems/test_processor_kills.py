"""Killed at any moment and started again, the processor loses nothing that it acknowledged and counts nothing twice."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from processor_clients import Reading, Service, expected_windows, found_windows, key, lines, reading

Start = Callable[..., Service]
CONNECTIONS, SENSORS, STEP_MS = 3, 12, 50


class Client(threading.Thread):
    """Sends what is not acknowledged of its sensors, until all is or the connection breaks."""

    def __init__(self, service: Service, sensors: dict[str, list[Reading]], acked: dict[str, int]) -> None:
        super().__init__()
        self._service, self._sensors, self._acked = service, sensors, acked

    def run(self) -> None:
        with suppress(OSError), self._service.connect() as sender:
            try:
                rest = {name: all_[self._acked.get(name, 0) :] for name, all_ in self._sensors.items()}
                rest = {name: all_ for name, all_ in rest.items() if all_}
                rows = max(map(len, rest.values()), default=0)
                sender.send_and_hear(
                    lines(rest[name][row] for row in range(rows) for name in rest if row < len(rest[name]))
                )
                sender.wait_for({name: all_[-1]["seq"] for name, all_ in rest.items()})
            finally:
                self._acked.update(sender.acks)


def survive(service: Start, seed: int, *, readings: int, kills: int) -> None:
    """Send all, with kills in between, and compare every window with what was sent."""
    draw = random.Random(seed)
    end = readings * STEP_MS
    sensors = {
        f"s{number}": [
            reading(f"s{number}", seq, seq * STEP_MS, draw.randrange(1000) * 0.25) for seq in range(1, readings + 1)
        ]
        for number in range(SENSORS)
    }
    names = sorted(sensors)
    parts = [{name: sensors[name] for name in names[first::CONNECTIONS]} for first in range(CONNECTIONS)]
    acked: list[dict[str, int]] = [{} for _ in parts]
    shown: list[dict[str, object]] = []
    for kill in range(kills + 1):
        running = service(workers=draw.randint(1, 2), lateness_ms=end)
        clients = [Client(running, *pair) for pair in zip(parts, acked, strict=True)]
        for client in clients:
            client.start()
        if kill < kills:
            time.sleep(draw.random() * 0.4)  # the moment of the crash, drawn
            shown += running.windows()
            running.kill()
        for client in clients:
            client.join()
    with running.connect() as sender:  # far enough that the watermark passes all that was sent
        sender.send(*(reading(name, readings + 1, 2 * end + 1000) for name in names))
        stats = running.wait_for_stats(watermark=end + 1000)
    windows = running.windows()

    assert (stats["accepted"], stats["late"]) == (SENSORS * (readings + 1), 0), f"seed {seed}"
    expected = expected_windows([each for all_ in sensors.values() for each in all_], 1000, end + 1000)
    assert found_windows(windows) == expected, f"seed {seed}"
    assert windows == sorted(windows, key=key)
    assert all(window in windows for window in shown)
    running.kill()


@pytest.mark.parametrize("seed", range(2))
def test_kills_under_load(service: Start, seed: int) -> None:
    """After two kills under load, and resends, all windows are exactly those of what was sent."""
    survive(service, seed, readings=3000, kills=2)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(100, 125))
def test_fifty_kills(service: Start, seed: int) -> None:
    """The same for fifty kills, two in each of twenty-five histories."""
    survive(service, seed, readings=4000, kills=2)


def test_windows_shown_stay(service: Start) -> None:
    """Windows that were shown before a kill are there after it, unchanged, and a cursor goes on behind them."""
    running = service(workers=2)
    with running.connect() as sender:
        sender.send(*(reading(name, seq, seq * 100) for seq in range(1, 101) for name in "ab"))
        sender.wait_for({"a": 100, "b": 100})
        running.wait_for_stats(watermark=10_000)
    before = running.windows()
    cursor = running.get("/windows")[1]["next"]
    running.kill()
    running = service(workers=2)
    with running.connect() as sender:
        sender.send(*(reading(name, seq, seq * 100) for seq in range(50, 121) for name in "ab"))
        sender.wait_for({"a": 120, "b": 120})
        stats = running.wait_for_stats(watermark=12_000)

    assert len(before) == 20
    assert running.windows()[:20] == before
    assert [key(window) for window in running.windows(f"&after={cursor}")] == [
        (start, name) for start in (10_000, 11_000) for name in "ab"
    ]
    assert (stats["accepted"], stats["duplicates"]) == (240, 102)
