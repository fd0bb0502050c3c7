"""All sensors of one division into partitions, put into the partitions of another one."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from climb.systems.processor.engine.partition import Partition, Shape
from climb.systems.processor.engine.snapshot import Snapshot
from climb.systems.processor.engine.store import PartitionStore

__all__ = ["redivide"]


def redivide(old: list[Path], new: list[Path], window_ms: int, slide_ms: int) -> None:
    """Write the state that the old folders hold into the new ones, as snapshots; the old ones stay as they are.

    The logs of partitions may end at different watermarks. The largest was computed from all of them, so it holds for all.
    """
    stores = [
        PartitionStore.open(folder, Shape(window_ms, slide_ms, worker, len(old))) for worker, folder in enumerate(old)
    ]
    partitions = [store.partition for store in stores]
    marks = [partition.watermark for partition in partitions if partition.watermark is not None]
    windows = [store.unpublished() for store in stores]
    if marks:
        windows += [partition.advance(max(marks)) for partition in partitions]
    unpublished = np.concatenate(windows)
    for store in stores:
        store.close()
    for worker, folder in enumerate(new):
        shape = Shape(window_ms, slide_ms, worker, len(new))
        partition = Partition(shape)
        partition.adopt(partitions)
        ours = unpublished[unpublished["sensor"] % len(new) == worker]
        written = Snapshot(folder, 0)
        written.begin(
            {**partition.parts(), "unpublished": ours.view(np.int64)}, partition.watermark, window_ms, slide_ms
        )
        written.finish()
