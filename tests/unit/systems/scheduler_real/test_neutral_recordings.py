"""What a recording keeps of other people's programs: nothing but when they ran."""

from __future__ import annotations

from climb.systems.scheduler.recordings.record import neutral

LINES = [
    "  bash   900 [000] 1.000001: sched:sched_process_fork: comm=bash pid=4000 child_comm=sh child_pid=4001",
    "  sh    4001 [000] 1.000002: sched:sched_wakeup: comm=secret tool pid=77 prio=120 target_cpu=000",
    "  sh    4001 [000] 1.000003: sched:sched_switch: prev_comm=sh prev_pid=4001 prev_prio=120 prev_state=S"
    " ==> next_comm=secret tool next_pid=77 next_prio=120",
    "secret tool 77 [000] 1.000004: sched:sched_switch: prev_comm=secret tool prev_pid=77 prev_prio=120 prev_state=S"
    " ==> next_comm=kworker/0:1 next_pid=9 next_prio=120",
    "# a comment with a secret",
]


def test_own_programs_and_the_kernels_keep_their_names() -> None:
    """Descendants of the scene's shell get numbers of their own; threads of the kernel stay what they are."""
    text = "\n".join(neutral(LINES, root=4000))

    assert "child_comm=sh child_pid=1001" in text
    assert "next_comm=kworker/0:1 next_pid=9" in text


def test_others_are_called_other() -> None:
    """Neither their names nor their numbers are left, and each stays one process throughout."""
    text = "\n".join(neutral(LINES, root=4000))

    assert "secret" not in text
    assert "=77" not in text
    assert "comm=other pid=501 prio" in text
    assert "prev_comm=other prev_pid=501" in text
