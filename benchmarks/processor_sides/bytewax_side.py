"""Bytewax: ``bytewax_side.py WINDOW_MS LATENESS_MS OUT FILE...``; its windows are its own (a Rust core), what is in them is Python.

It reads the lines itself, from the files, as one source; nothing lasts (recovery is off), so it does less than ours.
"""

from __future__ import annotations

import datetime as dt
import json
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bytewax.operators as op
import bytewax.operators.windowing as win
from bytewax.dataflow import Dataflow
from bytewax.testing import TestingSink, TestingSource, run_main

window_ms, lateness_ms, out, *files = sys.argv[1:]
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MS = dt.timedelta(milliseconds=1)

Reading = tuple[str, dict[str, Any]]


def readings() -> Iterator[Reading]:
    """The lines of all files in turns, as a connection each would bring them."""
    opened = [Path(file).open("rb") for file in files]  # noqa: SIM115 - as long as the program
    for lines in zip(*opened, strict=False):
        for line in lines:
            found = json.loads(line)
            yield found["sensor"], found
    for left in opened:
        for line in left:
            found = json.loads(line)
            yield found["sensor"], found


def told(item: tuple[str, tuple[int, list[dict[str, Any]]]]) -> dict[str, Any]:
    """What the contract says of a window."""
    sensor, (number, found) = item
    values = sorted(reading["value"] for reading in found)
    ranks = {f"p{percent}": values[(len(values) * percent + 99) // 100 - 1] for percent in (50, 95, 99)}
    plain = {"count": len(values), "sum": sum(values), "min": values[0], "max": values[-1]}
    return {"sensor": sensor, "start": number * int(window_ms), **plain, **ranks}


rows: list[dict[str, Any]] = []
flow = Dataflow("windows")
stream = op.input("in", flow, TestingSource(readings(), batch_size=1000))
clock = win.EventClock(lambda reading: EPOCH + reading["ts"] * MS, wait_for_system_duration=int(lateness_ms) * MS)
windower = win.TumblingWindower(align_to=EPOCH, length=int(window_ms) * MS)
windows = win.collect_window("windows", stream, clock, windower)
op.output("out", op.map("told", windows.down, told), TestingSink(rows))

began, cpu_began = time.perf_counter(), time.process_time()
run_main(flow)
took = {"seconds": time.perf_counter() - began, "cpu_s": time.process_time() - cpu_began}
with Path(out).open("w") as file:
    file.writelines(json.dumps(row) + "\n" for row in rows)
print(json.dumps(took | {"peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
