"""What the processor's engine takes for a reading: ``python benchmarks/processor_kernels.py [--rounds N] [--json]``.

One thread, one million readings of 1,000 sensors as JSON lines, each reading a fresh line of 70 bytes or so. Each round does the
same with both sides in turn: ours, part by part, and msgspec decoding each line into a struct, with a dictionary of windows
that sum, count and keep extremes, which is the plain way in Python. Both are asked for the same counts and sums. What the peer leaves
out (percentiles, a log) counts for it. Numbers are medians over the rounds, of the thread's own processor time: other programs
disturb it less than the clock. What the disk takes by the clock stands apart, since the service parses on meanwhile.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import race

READINGS = 1_000_000
SENSORS = 1_000
PIECE = 1 << 20
WINDOW_MS = 10_000


class Line(msgspec.Struct):
    sensor: str
    seq: int
    ts: int
    value: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the rounds and print what a reading took."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--readings", type=int, default=READINGS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    from climb.systems.processor.engine import compiled

    compiled.warm()
    lines = _lines(options.readings)
    rounds: list[dict[str, float]] = []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            ours, sums = _ours(lines, Path(folder))
        began = time.thread_time()
        theirs = _theirs(lines)
        ours["peer: msgspec and a dictionary"] = time.thread_time() - began
        if not _same(sums, theirs):
            raise SystemExit("the two sides disagree")
        rounds.append(ours)
    told = {name: statistics.median(each[name] for each in rounds) / options.readings * 1e9 for name in rounds[0]}
    if options.json:
        print(json.dumps({"machine": race.machine(), "unit": "ns a reading", "medians": told}, indent=2))
        return 0
    print(f"{race.machine()}; {options.readings:,} readings, median of {options.rounds} rounds, ns a reading")
    for name, value in told.items():
        print(f"  {name:<36} {value:8.1f}")
    return 0


def _lines(count: int) -> bytes:
    random = np.random.default_rng(1)
    sensors, values = random.integers(0, SENSORS, count).tolist(), random.lognormal(3, 1, count).tolist()
    seqs = [0] * SENSORS
    lines = []
    for number, (sensor, value) in enumerate(zip(sensors, values, strict=True)):
        seqs[sensor] += 1
        ts = 1_700_000_000_000 + number // 10
        lines.append(b'{"sensor": "s%d", "seq": %d, "ts": %d, "value": %.3f}\n' % (sensor, seqs[sensor], ts, value))
    return b"".join(lines)


def _ours(lines: bytes, folder: Path) -> tuple[dict[str, float], dict[tuple[int, int], tuple[int, float]]]:
    """Each part timed by itself, and what the windows say."""
    from climb.systems.processor.engine.log import READINGS as READINGS_FRAME, Log
    from climb.systems.processor.engine.parsing import Feed, Parser
    from climb.systems.processor.engine.partition import Partition, Shape

    parser, feed = Parser(PIECE), Feed()
    parser.learn([b"s%d" % sensor for sensor in range(SENSORS)], range(SENSORS))
    partition, log = Partition(Shape(WINDOW_MS, WINDOW_MS)), Log(folder)
    list(log.frames(0))
    buffer = np.zeros(PIECE, np.uint8)
    spent = dict.fromkeys(("parse", "take", "append to the log", "write and fdatasync", "close windows"), 0.0)
    sums = {}

    def timed(name: str, function: Callable[..., Any], *arguments: object) -> Any:
        began = time.thread_time()
        result = function(*arguments)
        spent[name] += time.thread_time() - began
        return result

    at = 0
    waited = 0.0
    while at < len(lines):
        front = feed.front(buffer)
        piece = lines[at : at + PIECE - front]
        buffer[front : front + len(piece)] = np.frombuffer(piece, np.uint8)
        at += len(piece)
        parsed = timed("parse", parser.parse, buffer, front + len(piece), feed)
        taken = timed("take", partition.take, parsed.readings, 1)
        timed("append to the log", lambda taken: log.append(READINGS_FRAME, taken.readings.tobytes()), taken)
        began = time.perf_counter()
        timed("write and fdatasync", log.commit)
        waited += time.perf_counter() - began
        last = int(parsed.readings["ts"][-1]) if at < len(lines) else 1 << 52
        for window in timed("close windows", partition.advance, last):
            sums[int(window["start"]), int(window["sensor"])] = (int(window["count"]), float(window["sum"]))
    log.close()
    return {**spent, "ours, all of it": sum(spent.values()), "write and fdatasync, by the clock": waited}, sums


def _theirs(lines: bytes) -> dict[tuple[int, int], list[float]]:
    decode = msgspec.json.Decoder(Line).decode
    windows: dict[tuple[int, str], list[float]] = {}
    highest: dict[str, int] = {}
    for text in lines.splitlines():
        line = decode(text)
        if line.seq <= highest.get(line.sensor, 0):
            continue
        highest[line.sensor] = line.seq
        key = line.ts // WINDOW_MS * WINDOW_MS, line.sensor
        value = line.value
        window = windows.get(key)
        if window is None:
            windows[key] = [1, value, value, value]
            continue
        window[0] += 1
        window[1] += value
        if value < window[2]:
            window[2] = value
        elif value > window[3]:
            window[3] = value
    return {(start, int(sensor[1:])): window for (start, sensor), window in windows.items()}


def _same(ours: dict[tuple[int, int], tuple[int, float]], theirs: dict[tuple[int, int], list[float]]) -> bool:
    return ours.keys() == theirs.keys() and all(
        count == theirs[key][0] and abs(total - theirs[key][1]) <= 1e-9 * abs(total)
        for key, (count, total) in ours.items()
    )


if __name__ == "__main__":
    sys.exit(main())
