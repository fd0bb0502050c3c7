"""Recordings in ticks: workloads, actual schedules, names, and what is said about them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from climb.systems.scheduler.imports import RecordingError, read_recording
from climb.systems.scheduler.imports.actual import actual_schedule
from climb.systems.scheduler.imports.notes import notes
from climb.systems.scheduler.model import Segment, Task, TaskMeasures

TEXT = """\
swapper     0 [002] 10.000000: sched:sched_switch: prev_comm=swapper/2 prev_pid=0 prev_prio=120 prev_state=R ==> next_comm=make next_pid=7 next_prio=120
   make     7 [002] 10.000400: sched:sched_wakeup_new: comm=make pid=8 prio=120 target_cpu=002
   make     7 [002] 10.001000: sched:sched_switch: prev_comm=make prev_pid=7 prev_prio=120 prev_state=S ==> next_comm=make next_pid=8 next_prio=120
    cc1     8 [002] 10.003000: sched:sched_switch: prev_comm=cc1 prev_pid=8 prev_prio=125 prev_state=R ==> next_comm=watchdog next_pid=9 next_prio=0
watchdog    9 [002] 10.003100: sched:sched_switch: prev_comm=watchdog prev_pid=9 prev_prio=0 prev_state=S ==> next_comm=cc1 next_pid=8 next_prio=125
    cc1     8 [002] 10.004100: sched:sched_wakeup: comm=make pid=7 prio=120 target_cpu=002
    cc1     8 [002] 10.005100: sched:sched_switch: prev_comm=cc1 prev_pid=8 prev_prio=125 prev_state=Z ==> next_comm=make next_pid=7 next_prio=120
   make     7 [002] 10.005600: sched:sched_switch: prev_comm=make prev_pid=7 prev_prio=120 prev_state=S ==> next_comm=swapper/2 next_pid=0 next_prio=120
"""


@pytest.fixture
def recording(tmp_path: Path) -> str:
    path = tmp_path / "recording.txt"
    path.write_text(TEXT)
    return str(path)


def test_the_workload_has_the_bursts(recording: str) -> None:
    """Waiting is no part of it; names are the last ones, nice values and priorities are the kernel's."""
    found = read_recording(recording)

    assert found.workload.tasks == (
        Task(id="make-7", bursts=(1000, 3100, 500), arrival=0),
        Task(id="cc1-8", bursts=(4000,), arrival=400, nice=5, priority=5, tickets=33),
        Task(id="watchdog-9", bursts=(100,), arrival=3000, nice=-20, priority=-120, tickets=8674),
    )


def test_the_actual_schedule_is_what_was_recorded(recording: str) -> None:
    """Who ran when, on processors that are counted from 0."""
    found = read_recording(recording)

    assert found.processors == (2,)
    assert found.actual == (
        Segment(0, "make-7", 0, 1000),
        Segment(0, "cc1-8", 1000, 3000),
        Segment(0, "watchdog-9", 3000, 3100),
        Segment(0, "cc1-8", 3100, 5100),
        Segment(0, "make-7", 5100, 5600),
    )


def test_waiting_is_measured_in_the_actual_schedule(recording: str) -> None:
    """make was awake for a millisecond before it ran again; cc1 waited for make, then for the watchdog."""
    tasks = actual_schedule(read_recording(recording)).tasks

    assert tasks["make-7"] == TaskMeasures(completion=5600, turnaround=5600, waiting=1000, response=0, switches=2)
    assert tasks["cc1-8"] == TaskMeasures(completion=5100, turnaround=4700, waiting=700, response=600, switches=2)


def test_a_longer_tick_rounds(recording: str) -> None:
    """A burst is at least a tick; how many were shorter is counted."""
    found = read_recording(recording, tick_us=1000)

    assert [task.bursts for task in found.workload.tasks] == [(1, 3, 1), (4,), (1,)]
    assert found.rounded_up == 2


def test_rounding_does_not_pile_up(tmp_path: Path) -> None:
    """What one burst was rounded up is taken from the next, so that a task's work stays what it was."""
    lines, at = [], 0
    for _ in range(10):
        lines.append(f"x 0 [000] 1.{at:06}: sched_switch: swapper/0:0 [120] R ==> p:7 [120]")
        lines.append(f"x 7 [000] 1.{at + 1500:06}: sched_switch: p:7 [120] S ==> swapper/0:0 [120]")
        lines.append(f"x 0 [000] 1.{at + 4000:06}: sched_wakeup: p:7 [120] CPU:000")
        at += 4000
    path = tmp_path / "odd.txt"
    path.write_text("\n".join(lines))

    (task,) = read_recording(str(path), tick_us=1000).workload.tasks

    assert sum(task.bursts[::2]) == 15


def test_only_some_tasks(recording: str) -> None:
    """Tasks are chosen by name; while others ran, the processor looks idle."""
    found = read_recording(recording, only="cc*")

    assert [task.id for task in found.workload.tasks] == ["cc1-8"]
    assert {segment.task for segment in found.actual} == {"cc1-8"}
    assert "2 tasks not asked for; the processors look idle while they ran." in notes(found)


def test_neutral_names(recording: str) -> None:
    """Names of programs can tell what nobody else should know."""
    found = read_recording(recording, rename=True)

    assert [task.id for task in found.workload.tasks] == ["t1", "t2", "t3"]
    assert {segment.task for segment in found.actual} == {"t1", "t2", "t3"}


def test_notes_name_what_is_open(recording: str) -> None:
    """Tasks that were met without a wake-up, and real time, which the emulator does not have."""
    assert notes(read_recording(recording)) == (
        "2 tasks seen first on a processor, without a wake-up; what came before that is not known, and counts as no waiting.",
        "1 task with a real-time priority; as nice -20, which is less than that.",
    )


def test_a_compressed_file_reads_the_same(recording: str, tmp_path: Path) -> None:
    """Recordings compress well, and need not be unpacked."""
    path = tmp_path / "recording.txt.gz"
    path.write_bytes(gzip.compress(TEXT.encode()))

    assert read_recording(str(path)).workload == read_recording(recording).workload


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "no line of it is a sched_switch event"),
        (b"root:x:0:0\n\xff\xfe\n", "no line of it is a sched_switch event"),
        (b"\x1f\x8b broken", "Compressed file ended"),
        (gzip.compress(TEXT.encode())[:20] + bytes(200), "while decompressing"),
    ],
)
def test_what_is_no_recording_is_refused(tmp_path: Path, content: bytes, fault: str) -> None:
    """The message names the file."""
    path = tmp_path / "else"
    path.write_bytes(content)

    with pytest.raises(RecordingError, match=fault) as refused:
        read_recording(str(path))

    assert str(path) in str(refused.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """As any file that is not there."""
    with pytest.raises(RecordingError, match="No such file"):
        read_recording(str(tmp_path / "none"))


def test_a_pattern_that_fits_nobody_is_refused(recording: str) -> None:
    """A workload has at least one task."""
    with pytest.raises(RecordingError, match="no task named gcc"):
        read_recording(recording, only="gcc")
