"""Lines of perf and its relatives, literally, and what is read from them."""

from __future__ import annotations

import pytest

from climb.systems.scheduler.imports.events import Lost, Ready, Switch, events

SWITCH = Switch(24214653981000, 0, "cc1", 25147, 120, "R+", "migration/0", 18, 0)
SWITCH_LINES = {
    "perf script": (
        "             cc1 25147 [000] 24214.653981:       sched:sched_switch: prev_comm=cc1 prev_pid=25147 prev_prio=120"
        " prev_state=R+ ==> next_comm=migration/0 next_pid=18 next_prio=0"
    ),
    "perf script --ns": (
        "cc1 25147 [000] 24214.653981000: sched:sched_switch: prev_comm=cc1 prev_pid=25147 prev_prio=120"
        " prev_state=R+ ==> next_comm=migration/0 next_pid=18 next_prio=0"
    ),
    "perf script with thread and process": (
        "cc1 25147/25147 [000] 24214.653981: sched:sched_switch: prev_comm=cc1 prev_pid=25147 prev_prio=120"
        " prev_state=R+ ==> next_comm=migration/0 next_pid=18 next_prio=0"
    ),
    "older perf": "cc1 25147 [000] 24214.653981: sched:sched_switch: cc1:25147 [120] R+ ==> migration/0:18 [0]",
    "trace-cmd": "cc1-25147 [000] 24214.653981: sched_switch:         cc1:25147 [120] R+ ==> migration/0:18 [0]",
    "the kernel's trace file": (
        "             cc1-25147   [000] d..2. 24214.653981: sched_switch: prev_comm=cc1 prev_pid=25147 prev_prio=120"
        " prev_state=R+ ==> next_comm=migration/0 next_pid=18 next_prio=0"
    ),
}


@pytest.mark.parametrize("line", SWITCH_LINES.values(), ids=list(SWITCH_LINES))
def test_a_switch_reads_the_same_in_every_form(line: str) -> None:
    """All tools print the same switch, each in its own form."""
    assert list(events([line])) == [SWITCH]


WOKEN = Ready(24214655668000, "Web Content", 310, 120, new=False)
WAKE_UP_LINES = {
    "sched_wakeup": "swapper 0 [001] 24214.655668: sched:sched_wakeup: comm=Web Content pid=310 prio=120 target_cpu=000",
    "sched_waking": "swapper 0 [001] 24214.655668: sched:sched_waking: comm=Web Content pid=310 prio=120 target_cpu=000",
    "with success": (
        "swapper 0 [001] 24214.655668: sched:sched_wakeup: comm=Web Content pid=310 prio=120 success=1 target_cpu=000"
    ),
    "older perf": "swapper 0 [001] 24214.655668: sched:sched_wakeup: Web Content:310 [120] success=1 CPU:000",
}


@pytest.mark.parametrize("line", WAKE_UP_LINES.values(), ids=list(WAKE_UP_LINES))
def test_a_wake_up_reads_the_same_in_every_form(line: str) -> None:
    """A name may have a space in it, and the tools differ in what they add."""
    assert list(events([line])) == [WOKEN]


def test_a_new_task_is_told_from_one_that_slept() -> None:
    """sched_wakeup_new is the moment at which a forked task can run first."""
    line = "sh 25148 [001] 24214.655668: sched:sched_wakeup_new: comm=sh pid=25150 prio=120 target_cpu=000"

    assert [event.new for event in events([line]) if isinstance(event, Ready)] == [True]


def test_a_wake_up_without_success_woke_nobody() -> None:
    """Kernels before 4.x recorded attempts too."""
    line = "swapper 0 [001] 1.5: sched:sched_wakeup: comm=sh pid=310 prio=120 success=0 target_cpu=000"

    assert list(events([line])) == []


def test_lost_events_are_read() -> None:
    """The recorder says how many events it had no room for."""
    line = "perf 100 [001] 24214.655668: PERF_RECORD_LOST lost 123"

    assert list(events([line])) == [Lost(123)]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "# captured on    : Sun Nov 22 07:52:47 2026",
        "perf 24299 [000] 23994.326116: sched:sched_stat_runtime: comm=perf pid=24299 runtime=57175 [ns]",
        "cc1 25147 [000] 24214.653981: sched:sched_switch: prev_comm=cc1 prev_pid=25147 prev_prio=120 prev_sta",
        "sched_switch: sched_wakeup:",
    ],
)
def test_other_lines_are_passed_over(line: str) -> None:
    """Comments, other events and lines that were cut off say nothing about who ran."""
    assert list(events([line])) == []
