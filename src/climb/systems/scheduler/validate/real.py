"""Running the workers for real: the leader is started, watched and, whatever happens, gone at the end with all its workers."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from climb.systems.scheduler.validate.errors import CannotMeasure
from climb.systems.scheduler.validate.machine import busy_share
from climb.systems.scheduler.validate.scenarios import Worker

__all__ = ["WARM_S", "Measured", "Progress", "least_busy", "processors", "run_workers"]

WARM_S = 0.5  # in which the workers find their pace; not counted
_PATIENCE_S = 8  # beyond the time that was asked for
_LOOK_S = 0.3
_STEP_S = 0.1  # how often progress is told
_LEADER = Path(__file__).with_name("leader.py")

Progress = Callable[[float], None]


class Measured(msgspec.Struct, frozen=True):
    """What the kernel counted in the time that counts: nanoseconds for each worker in order, and what the processor did."""

    lasted_s: float
    ran_ns: tuple[int, ...]
    waited_ns: tuple[int, ...]
    waits_ns: tuple[tuple[int, ...], ...]
    groups: tuple[str, ...]
    busy: float  # the part of the processor's time in which it was not idle
    stolen: float  # the part that the hypervisor gave to others


def run_workers(workers: Sequence[Worker], *, cpu: int, seconds: float, progress: Progress | None = None) -> Measured:
    """Run ``workers`` together on processor ``cpu`` and measure for ``seconds``; CannotMeasure if they can't be run."""
    plan = {
        "parent": os.getpid(),
        "cpu": cpu,
        "warm_s": WARM_S,
        "seconds": seconds,
        "workers": [msgspec.to_builtins(worker) for worker in workers],
    }
    with _leader() as leader:
        assert leader.stdin is not None
        leader.stdin.write(json.dumps(plan).encode() + b"\n")
        leader.stdin.flush()
        told = _told(leader, WARM_S + seconds, progress)
    return _measured(told)


def processors() -> set[int]:
    """The numbers of the processors on which this process may run."""
    if not hasattr(os, "sched_getaffinity"):
        raise CannotMeasure("this system has no sched_setaffinity(2); only Linux has what is needed here")
    return os.sched_getaffinity(0)


def least_busy(among: set[int]) -> tuple[int, float]:
    """Of some processors the one that did least in a moment in which they were looked at, and how busy it was in that moment."""
    before = _times()
    time.sleep(_LOOK_S)
    after = _times()
    busy = {
        cpu: busy_share([late - early for early, late in zip(before[cpu], after[cpu], strict=True)])
        for cpu in sorted(among & before.keys() & after.keys())
    }
    cpu = min(
        busy, key=lambda each: (round(busy[each], 2), -each)
    )  # of equal ones not the first, which has more interrupts
    return cpu, busy[cpu]


@contextmanager
def _leader() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(_LEADER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        bufsize=0,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


def _told(leader: subprocess.Popen[bytes], seconds: float, progress: Progress | None) -> dict[str, Any]:
    """What the leader says at the end."""
    assert leader.stdout is not None
    output, started, text = leader.stdout.fileno(), time.monotonic(), b""
    while (passed := time.monotonic() - started) < seconds + _PATIENCE_S:
        if progress is not None:
            progress(min(1.0, passed / seconds))
        if select.select([output], [], [], _STEP_S)[0]:
            chunk = os.read(output, 65536)
            if not chunk:
                break
            text += chunk
    messages = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith(b"\n")]
    last: dict[str, Any] = messages[-1] if messages else {}
    if "error" in last:
        raise CannotMeasure(f"a worker can't run as asked: {last['error']}")
    if "ran_ns" not in last:
        raise CannotMeasure("the workers ended before the time was over, or did not come to an end")
    return last


def _measured(told: dict[str, Any]) -> Measured:
    processor = told.pop("processor")
    stolen = processor[7] / max(1, sum(processor[:8])) if len(processor) > 7 else 0.0
    return msgspec.convert({**told, "busy": busy_share(processor), "stolen": stolen}, Measured)


def _times() -> dict[int, list[int]]:
    """The lines of /proc/stat for single processors."""
    try:
        lines = Path("/proc/stat").read_text(encoding="ascii").splitlines()
    except OSError as error:
        raise CannotMeasure("this system has no /proc/stat; only Linux has what is needed here") from error
    words = [line.split() for line in lines if line.startswith("cpu") and line[3:4].isdigit()]
    return {int(each[0][3:]): [int(word) for word in each[1:]] for each in words}
