"""A script as one writes it by hand: ``polars_side.py WINDOW_MS OUT FILE...``; all input at once, in memory, and no more than once.

It can do neither sliding nor late nor lasting; it is what the same numbers cost where nothing streams and nothing may fail.
"""

from __future__ import annotations

import json
import resource
import sys
import time

import polars as pl

window_ms, out, *files = sys.argv[1:]
began, cpu_began = time.perf_counter(), time.process_time()
value = pl.col("value")
(
    pl.scan_ndjson(files, schema={"sensor": pl.String, "seq": pl.Int64, "ts": pl.Int64, "value": pl.Float64})
    .unique(["sensor", "seq"], keep="first")
    .with_columns(start=pl.col("ts") // int(window_ms) * int(window_ms))
    .group_by("sensor", "start")
    .agg(
        pl.len().alias("count"),
        value.sum().alias("sum"),
        value.min().alias("min"),
        value.max().alias("max"),
        *(value.sort().get((pl.len() * percent + 99) // 100 - 1).alias(f"p{percent}") for percent in (50, 95, 99)),
    )
    .sort("start", "sensor")
    .collect()
    .write_ndjson(out)
)
took = {"seconds": time.perf_counter() - began, "cpu_s": time.process_time() - cpu_began}
print(json.dumps(took | {"peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
