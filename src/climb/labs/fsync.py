"""What it costs to make a record durable, and how groups share the price."""

from __future__ import annotations

import contextlib
import gc
import os
import time
from collections.abc import Callable, Iterator

from climb.labs.bench import Bench
from climb.labs.lab import Explanation, Knob, Knobs, Lab, Prediction
from climb.labs.machine import file_system
from climb.labs.plot import Axis, Bar, BarPlot, Mark, Strip, StripPlot
from climb.labs.result import Result
from climb.labs.statistics import Estimate, median, median_estimate, quantile, ratio_estimate
from climb.labs.verdicts import number

_ROUNDS = 50
_ROUNDS_LEAST = 10
_ENOUGH_SECONDS = 8.0  # a slow disk gets fewer rounds
_COMMITS = 4  # of each kind in a round
_SUSPICIOUS_US = 50
_IN_MEMORY = frozenset({"tmpfs", "ramfs"})

_WRITE = "write only"
_FSYNC = "write, fsync"
_FDATASYNC = "write, fdatasync"
_IN_PLACE = "write over old space, fdatasync"
_GROUP = "write a group, fdatasync once"

lab = Lab(
    title="fsync and group commit",
    question="What does it cost to be sure that a record survives a power cut, and who can share that price?",
    about=(
        "Appends records to files beside the results of your labs: only written, each followed by `fsync`, each by `fdatasync`, "
        "and in groups that share one `fdatasync`. One more file has all its space beforehand, so that records overwrite old "
        "bytes instead of making it longer. Each commit is timed on its own."
    ),
    concepts=("file-systems", "page-cache"),
    prediction=Prediction(
        ask="How many times as long does it take to append one record and fsync it as only to append it?", unit="×"
    ),
    knobs=(
        Knob("record", "bytes in a record", default=512, choices=(128, 512, 4096)),
        Knob("group", "records that share one fdatasync", default=16, choices=(4, 16, 64, 256)),
    ),
    seconds=2,
)


@lab.unless
def why_not() -> str | None:
    """Without fdatasync half of the question is missing."""
    return None if hasattr(os, "fdatasync") else "its system has no fdatasync"


@lab.measure
def measure(knobs: Knobs, bench: Bench) -> None:
    """Every kind of commit a few times in each round, each round beginning with another."""
    record, group = os.urandom(int(knobs["record"])), int(knobs["group"])
    bench.fact("file system", file_system(bench.folder))
    with contextlib.ExitStack() as stack:
        kinds = list(_kinds(stack, bench, record, group).items())
        for _, commit in kinds:
            commit()
        gc.disable()
        begin = time.monotonic()
        for number_ in bench.rounds(_ROUNDS, "committing"):
            if number_ >= _ROUNDS_LEAST and time.monotonic() - begin > _ENOUGH_SECONDS:
                break
            turn = number_ % len(kinds)
            for name, commit in kinds[turn:] + kinds[:turn]:
                for _ in range(_COMMITS):
                    bench.record(name, commit(), unit="µs")
