"""The input that all sides of ``benchmarks/processor.py`` are given, and the windows that it must give.

Two files of JSON lines, each with half of the sensors, so that two workers, two connections or two splits have one each.
Readings come up to half a second out of order; at the end each sensor says a time so far ahead that all windows close.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["FAR_MS", "LATENESS_MS", "T0", "Asked", "Input", "Windows", "made"]

T0 = 1_700_000_000_000
DISORDER_MS = 500
LATENESS_MS = 2_000
FAR_MS = 1_000_000_000
FILES = 2

Columns = dict[str, NDArray[np.int64 | np.float64]]
Key = tuple[str, int]
Windows = dict[Key, dict[str, float]]


@dataclass(frozen=True)
class Asked:
    """How much input, and how it is cut."""

    readings: int
    sensors: int = 100
    window_ms: int = 10_000
    slide_ms: int = 10_000
    a_second: int = 1_000  # readings in a second of event time

    @property
    def name(self) -> str:
        return f"{self.readings}-{self.sensors}-{self.a_second}"


@dataclass(frozen=True)
class Input:
    """The files, and the columns that they were written from."""

    asked: Asked
    files: tuple[Path, ...]
    columns: Columns

    def expected(self) -> Windows:
        """Compute each closed window from the columns: count, sum, min, max and the percentiles' exact values."""
        found: Windows = {}
        order = np.lexsort((self.columns["ts"], self.columns["sensor"]))
        sensor, ts, value = (self.columns[name][order] for name in ("sensor", "ts", "value"))
        for shift in range(0, self.asked.window_ms, self.asked.slide_ms):
            start = (ts - shift) // self.asked.window_ms * self.asked.window_ms + shift
            edges = np.flatnonzero((np.diff(sensor) != 0) | (np.diff(start) != 0)) + 1
            for begin, end in zip(np.r_[0, edges], np.r_[edges, len(ts)], strict=True):
                found[f"s{sensor[begin]}", int(start[begin])] = _aggregated(value[begin:end])
        return found


def _aggregated(values: NDArray[np.float64]) -> dict[str, float]:
    ordered = np.sort(values)
    ranks = {
        name: ordered[-(-percent * len(ordered) // 100) - 1]
        for name, percent in (("p50", 50), ("p95", 95), ("p99", 99))
    }
    plain = {"count": len(ordered), "sum": ordered.sum(), "min": ordered[0], "max": ordered[-1]}
    return {name: float(number) for name, number in (plain | ranks).items()}


def made(asked: Asked, folder: Path) -> Input:
    """Return the input, written into ``folder`` unless it is there."""
    columns = _columns(asked)
    files = tuple(folder / f"{asked.name}-{number}.jsonl" for number in range(FILES))
    if not all(file.exists() for file in files):
        folder.mkdir(parents=True, exist_ok=True)
        for number, file in enumerate(files):
            _write(asked, columns, number, file)
    return Input(asked, files, columns)


def _columns(asked: Asked) -> Columns:
    chance = np.random.default_rng(1)
    sensor = chance.permuted(np.tile(np.arange(asked.sensors), (-(-asked.readings // asked.sensors), 1)), axis=1)
    sensor = sensor.ravel()[: asked.readings]
    late = chance.integers(0, DISORDER_MS, asked.readings)
    ts = np.maximum(T0, T0 + np.arange(asked.readings) * 1000 // asked.a_second - late)
    value = np.round(chance.normal(20, 5, asked.readings), 2)
    return {"sensor": sensor, "ts": ts, "value": value}


def _write(asked: Asked, columns: Columns, number: int, file: Path) -> None:
    seqs = [0] * asked.sensors
    partial = file.with_suffix(".partial")
    mine = columns["sensor"] % FILES == number
    rows = zip(*(columns[name][mine].tolist() for name in ("sensor", "ts", "value")), strict=True)
    with partial.open("w", buffering=1 << 20) as out:
        for sensor, ts, value in rows:
            seqs[sensor] += 1
            out.write(f'{{"sensor": "s{sensor}", "seq": {seqs[sensor]}, "ts": {ts}, "value": {value}}}\n')
        for sensor in range(number, asked.sensors, FILES):
            far = {"sensor": f"s{sensor}", "seq": seqs[sensor] + 1, "ts": T0 + FAR_MS, "value": 0.0}
            out.write(json.dumps(far) + "\n")
    partial.rename(file)
