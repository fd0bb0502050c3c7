"""Another process that works while a race is measured is noticed."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from climb.labs.statistics import Estimate
from climb.races.noise import Meter, plain_loop, too_noisy

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs one processor to itself")

BURN = "print(flush=True)\nwhile True: pass"
CLEAR = Estimate(2.0, 1.9, 2.1)


@pytest.fixture
def one_processor() -> Iterator[None]:
    """This process, and what it starts, on one processor alone."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    yield
    os.sched_setaffinity(0, before)


@pytest.fixture
def burner(one_processor: None) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that takes all it gets of that processor."""
    with subprocess.Popen([sys.executable, "-I", "-S", "-c", BURN], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def burned(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    """Wait until it has worked for so long."""
    end = cpu_seconds(process.pid) + seconds
    deadline = time.monotonic() + 60
    while cpu_seconds(process.pid) < end:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_process_beside_a_race_is_a_reason(burner: "subprocess.Popen[bytes]") -> None:
    """It shares the one processor that there is, so nothing may be claimed."""
    loop, meter = plain_loop(), Meter()
    with meter.measured(lambda: 0.0):
        burned(burner, 0.5)

    noise = meter.noise(loop, loop)
    assert noise.others > 0
    assert "used" in too_noisy(noise, CLEAR, 6, timed=True)


def test_a_program_of_ours_is_taken_off(burner: "subprocess.Popen[bytes]") -> None:
    """Of two meters over the same time, the one that knows the process as ours tells of so much less."""
    loop, known, unknown = plain_loop(), Meter(), Meter()
    started = time.monotonic()
    with unknown.measured(lambda: 0.0), known.measured(lambda: cpu_seconds(burner.pid)):
        burned(burner, 0.5)
    seconds = time.monotonic() - started

    less = unknown.noise(loop, loop).others - known.noise(loop, loop).others
    assert less * seconds > 0.25
