"""Flink's side: the pipeline as `climb stream submit` sends it, reading the two files with two slots.

Its source is files and its sink is a file, the cheapest that it has: no network, no broker, and the files are in memory.
It is warm (one job has run before), and keeps its exactly-once checkpoints on, which are its durability. ``lean`` takes
away what ours does in any case: finding duplicates.
"""

from __future__ import annotations

import json
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from processor_sides.readings import LATENESS_MS, Input, Windows
from processor_sides.watch import Used, watched

from climb.systems.processor.flink.gateway import Gateway
from climb.systems.processor.flink.plan import plan
from climb.systems.processor.flink.submit import submit
from climb.systems.processor.pipeline.reading import decode_pipeline

if TYPE_CHECKING:
    from flink_cluster import Cluster

__all__ = ["play"]

ENDS_S = 900.0


def play(given: Input, folder: Path, cluster: Cluster, *, lean: bool, workers: int = 2) -> tuple[float, Used, Windows]:
    """Run the job to its end; return what it took from when it runs, and the windows."""
    folder.mkdir()
    planned = plan(decode_pipeline(_pipeline(given, folder, lean=lean, workers=workers).encode()), follow=False)
    pids = [cluster.processes[role].pid for role in ("job manager", "task manager")]
    with watched(pids) as used:
        job = submit(planned, Gateway(cluster.gateway))
        ended = _wait(cluster, job.job_id)
    seconds = (ended["timestamps"]["FINISHED"] - ended["timestamps"]["RUNNING"]) / 1000
    return seconds, used, _windows(given, folder / "out")


def _pipeline(given: Input, folder: Path, *, lean: bool, workers: int) -> str:
    source = folder / "in"
    source.mkdir()
    for file in given.files:
        (source / file.name).hardlink_to(file)
    asked = given.asked
    return f"""
        name = "{"lean" if lean else "whole"}"
        workers = {workers}
        [window]
        length = "{asked.window_ms}ms"
        slide = "{asked.slide_ms}ms"
        lateness = "{LATENESS_MS}ms"
        [[sources]]
        type = "file"
        path = "{source}"
        {"" if lean else 'fields = { seq = "seq" }'}
        [[sinks]]
        type = "file"
        path = "{folder / "out"}"
    """


def _wait(cluster: Cluster, job: str) -> dict[str, Any]:
    end = time.monotonic() + ENDS_S
    while True:
        with urllib.request.urlopen(f"{cluster.rest}/jobs/{job}", timeout=30) as answer:
            told: dict[str, Any] = json.load(answer)
        if told["state"] == "FINISHED":
            return told
        if told["state"] in ("FAILED", "CANCELED") or time.monotonic() > end:
            raise RuntimeError(f"Flink's job is {told['state']}")
        time.sleep(0.1)


def _windows(given: Input, folder: Path) -> Windows:
    """The windows without those of the last readings, which only the end of the files has closed."""
    largest = int(given.columns["ts"].max())
    rows = [json.loads(line) for part in folder.iterdir() if part.name.startswith("part-") for line in part.open()]
    return {(row["sensor"], row["start"]): row for row in rows if row["start"] <= largest}
