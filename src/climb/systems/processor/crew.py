"""The workers' processes: the first one loads the engine, forks the others, and becomes one of them."""

from __future__ import annotations

import gc
import os
import socket
import sys
import time
from typing import Any

from climb.parent import end_with_parent
from climb.systems.processor.channel import Ended
from climb.systems.processor.settings import Settings
from climb.systems.processor.shared import Counts, Word

__all__ = ["work"]


def work(settings: Settings, counts: Counts, controls: list[socket.socket]) -> int:
    """Be the first worker, and the parent of the others; return the exit code."""
    sys.modules["cffi"] = None  # type: ignore[assignment]  # numba would load it, if it is there, and take a while
    from climb.systems.processor.engine import compiled, moving
    from climb.systems.processor.engine.rings import Ring

    compiled.warm()
    folders = moving.prepare(settings.data_dir, settings.window_ms, settings.slide_ms, settings.workers)
    wakes = [os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC) for _ in controls]
    rings = {(a, b): Ring() for a in range(len(controls)) for b in range(len(controls)) if a != b}
    gc.collect()
    gc.freeze()  # shared with those that are forked now, as long as nobody writes to it
    gc.enable()
    index, children = _fork_others(len(controls))
    for other, control in enumerate(controls):
        if other != index:
            control.close()
    from climb.systems.processor.exchange import Neighbours
    from climb.systems.processor.worker import Worker

    near = Neighbours(
        index,
        wakes,
        {b: ring for (a, b), ring in rings.items() if a == index},
        {a: ring for (a, b), ring in rings.items() if b == index},
    )
    row = counts.rows()[index]
    began = time.perf_counter()
    store = _opened(folders[index], settings, index)
    row[Word.RECOVERY_US] = int((time.perf_counter() - began) * 1e6)
    try:
        Worker(settings, near, controls[index], row, store).run()
    except Ended:  # the parent is gone, and the kernel's signal about it is under way
        os._exit(1)
    store.close()
    if index:
        os._exit(0)
    return max([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0 for child in children], default=0)


def _fork_others(workers: int) -> tuple[int, list[int]]:
    """Fork; return which worker this process is now, and in the first one the others' ids."""
    first = os.getpid()
    children = []
    for index in range(1, workers):
        child = os.fork()
        if not child:
            end_with_parent(first)
            return index, []
        children.append(child)
    return 0, children


def _opened(folder: Any, settings: Settings, index: int) -> Any:
    from climb.systems.processor.engine.partition import Shape
    from climb.systems.processor.engine.store import PartitionStore

    shape = Shape(settings.window_ms, settings.slide_ms, index, settings.workers)
    return PartitionStore.open(folder, shape, durable=settings.durable, now_ns=time.monotonic_ns())
