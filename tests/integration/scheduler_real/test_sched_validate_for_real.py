"""Real workers on a real processor: what is reported, and that nothing of them is left. How close the shares are is not tested."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from climb.systems.scheduler.validate import CannotMeasure, Worker
from climb.systems.scheduler.validate.real import run_workers

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, which only Linux has")

CPU = max(os.sched_getaffinity(0)) if sys.platform == "linux" else 0


def leaders(parent: int) -> Iterator[int]:
    """Sessions of workers that ``parent`` started: their leader has the number of the session."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z" and int(fields[1]) == parent and int(fields[3]) == int(entry.name):
            yield int(entry.name)


def members(session: int) -> list[int]:
    """Processes of a session that still live."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z" and int(fields[3]) == session:
            found.append(int(entry.name))
    return found


def until(condition: object, *, within_s: float = 20) -> bool:
    assert callable(condition)
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "climb", "sched", "validate", *words]


def test_a_report_has_everything_beside_each_other() -> None:
    """Each worker's share and waits, measured and emulated; the exit code says whether the goal was met."""
    call = subprocess.run(
        command("--scenario", "mixed", "--seconds", "1", "--cpu", str(CPU), "--json"), capture_output=True, timeout=60
    )

    found = json.loads(call.stdout)
    assert call.returncode == (0 if found["within"] else 1)
    assert found["cpu"] == CPU
    assert [sum(row[of] for row in found["workers"]) for of in ("share", "eevdf_share", "cfs_share")] == [
        pytest.approx(100)
    ] * 3
    assert [row["wait"] is None for row in found["workers"]] == [True, True, True, False, False, False]
    assert found["kernel"]["policy"] in ("eevdf", "cfs")


def test_a_report_for_people() -> None:
    """The same as a table, with what the machine did besides."""
    call = subprocess.run(command("--seconds", "0.5"), capture_output=True, timeout=60)

    assert call.returncode in (0, 1)
    assert "Share of the processor" in call.stdout.decode()
    assert "Other programs had" in call.stdout.decode()


def test_workers_share_a_group() -> None:
    """Nice values only say something within one session, where the kernel tells sessions apart."""
    found = run_workers((Worker("a", 0), Worker("b", 5)), cpu=CPU, seconds=0.2)

    assert len(set(found.groups)) == 1
    assert all(ran > 0 for ran in found.ran_ns)


def test_a_sleeper_measures_each_of_its_wake_ups() -> None:
    """A millisecond of work, four of sleep: it wakes up again and again, and never runs for half of the time."""
    found = run_workers((Worker("a", 0, work_us=1000, pause_us=4000),), cpu=CPU, seconds=1)

    assert len(found.waits_ns[0]) > 1
    assert found.ran_ns[0] < found.lasted_s * 1e9 / 2


def test_a_worker_that_can_not_run_is_an_error() -> None:
    """There is no such processor; the reason of the kernel is passed on."""
    with pytest.raises(CannotMeasure, match="Invalid argument"):
        run_workers((Worker("a", 0),), cpu=1023, seconds=0.2)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_the_command(number: signal.Signals) -> None:
    """However the command ends, no process of its session lives on."""
    run = subprocess.Popen(command("--seconds", "60"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert until(lambda: any(len(members(leader)) == 6 for leader in leaders(run.pid)))
        (session,) = leaders(run.pid)
        run.send_signal(number)
        run.wait(20)

        assert until(lambda: members(session) == [])
    finally:
        run.kill()
        run.wait()


def test_progress_is_told() -> None:
    """From the beginning to the end, in parts of one."""
    told: list[float] = []

    run_workers((Worker("a", 0),), cpu=CPU, seconds=0.3, progress=told.append)

    assert told == sorted(told)
    assert 0 <= told[0] < 0.5
    assert told[-1] <= 1
