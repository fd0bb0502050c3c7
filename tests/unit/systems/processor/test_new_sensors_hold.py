"""How long the watermark waits for sensors that have a number and no reading yet."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from climb.systems.processor import coordinator as module
from climb.systems.processor.coordinator import Coordinator
from climb.systems.processor.settings import Settings
from climb.systems.processor.shared import Word


class Clock:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
async def two_workers(tmp_path: Path, clock: Clock) -> AsyncIterator[tuple[Coordinator, Any, list[bytes]]]:
    """A coordinator, its workers' counts, and the names that have numbers."""
    names: list[bytes] = []
    counts = np.zeros((2, 256), np.int64)
    counts[:, Word.FLOOR] = 50_000
    settings = Settings(port=1, ingest_port=2, data_dir=tmp_path, window_ms=1000, slide_ms=1000)
    registry: Any = SimpleNamespace(names=names)
    results: Any = SimpleNamespace(published=None)
    yield Coordinator(settings, (), counts, registry, results), counts, names
    await asyncio.sleep(0)


Parts = tuple[Coordinator, Any, list[bytes]]


async def test_without_new_sensors_the_watermark_rises(two_workers: Parts) -> None:
    """All sensors that have numbers were heard of."""
    coordinator, counts, names = two_workers
    names.append(b"s0")
    counts[0, Word.SENSORS] = 1

    assert coordinator._next() == 50_000


async def test_a_new_sensor_holds_the_watermark(two_workers: Parts) -> None:
    """It has its number, and its first reading is on its way to the other worker."""
    coordinator, counts, names = two_workers
    names += [b"s0", b"s1"]
    counts[0, Word.SENSORS] = 1

    assert coordinator._next() is None

    counts[1, Word.SENSORS] = 1
    assert coordinator._next() == 50_000


async def test_it_holds_for_a_moment_only(two_workers: Parts, clock: Clock) -> None:
    """A sensor of which nothing comes is given up, and does not hold the next ones."""
    coordinator, counts, names = two_workers
    names += [b"s0", b"gone"]
    counts[0, Word.SENSORS] = 1

    assert coordinator._next() is None
    clock.now += module._HOLD_S + 0.01
    assert coordinator._next() == 50_000

    names.append(b"s2")
    assert coordinator._next() is None
    counts[0, Word.SENSORS] = 2
    assert coordinator._next() == 50_000
