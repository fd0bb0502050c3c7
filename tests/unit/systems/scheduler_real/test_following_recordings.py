"""From events to bursts: what counts as work, as I/O, as waiting, and what is left out."""

from __future__ import annotations

from climb.systems.scheduler.imports.events import Lost, Ready, Switch
from climb.systems.scheduler.imports.following import Followed, Recording, follow

IDLE = ("swapper/0", 0, 120)


def switch(at: int, before: tuple[str, int, int], state: str, after: tuple[str, int, int], cpu: int = 0) -> Switch:
    return Switch(at, cpu, *before[:2], before[2], state, *after)


def task(pid: int, prio: int = 120) -> tuple[str, int, int]:
    return (f"p{pid}", pid, prio)


def woken(at: int, pid: int) -> Ready:
    return Ready(at, f"p{pid}", pid, 120, new=False)


def only(recording: Recording, pid: int) -> Followed:
    (found,) = (each for each in recording.tasks if each.pid == pid)
    return found


def test_work_and_sleep_become_bursts() -> None:
    """What a task ran is work; from leaving the processor to its wake-up is I/O; from there to its turn is neither."""
    recording = follow(
        [
            switch(0, IDLE, "R", task(1)),
            switch(30, task(1), "S", IDLE),
            woken(100, 1),
            switch(107, IDLE, "R", task(1)),
            switch(127, task(1), "S", IDLE),
        ]
    )

    assert list(only(recording, 1).bursts) == [30, 70, 20]


def test_a_preempted_burst_goes_on() -> None:
    """A task that leaves in state R waits; its burst is one, however many turns it takes."""
    recording = follow(
        [
            switch(0, IDLE, "R", task(1)),
            switch(10, task(1), "R+", task(2)),
            switch(25, task(2), "R", task(1)),
            switch(40, task(1), "S", IDLE),
        ]
    )

    assert list(only(recording, 1).bursts) == [25]
    assert recording.counts.preemptions == 2


def test_a_new_task_arrives_with_its_wake_up() -> None:
    """A forked task waits from the moment at which it could run."""
    recording = follow(
        [
            switch(0, IDLE, "R", task(1)),
            Ready(5, "p2", 2, 120, new=True),
            switch(20, task(1), "S", task(2)),
            switch(30, task(2), "Z", IDLE),
        ]
    )

    assert (only(recording, 2).arrival, only(recording, 2).first_ran) == (5, 20)
    assert recording.counts.exits == 1


def test_a_task_running_at_the_start_counts_from_there() -> None:
    """The first event of a processor tells who ran on it since the recording began."""
    recording = follow([woken(0, 9), switch(40, task(1), "S", IDLE)])

    assert (only(recording, 1).arrival, list(only(recording, 1).bursts)) == (0, [40])
    assert recording.counts.running_at_start == 1


def test_a_wake_up_that_was_not_recorded_is_counted() -> None:
    """Without a wake-up the sleep is taken to last until the task runs, and the notes will say so."""
    recording = follow(
        [
            switch(0, IDLE, "R", task(1)),
            switch(10, task(1), "S", IDLE),
            switch(60, IDLE, "R", task(1)),
            switch(65, task(1), "S", IDLE),
        ]
    )

    assert list(only(recording, 1).bursts) == [10, 50, 5]
    assert recording.counts.unknown_wake_ups == 1


def test_a_turn_with_a_hole_is_left_out() -> None:
    """If a processor's next event does not fit to its last, nobody knows when one task left and the other began."""
    recording = follow(
        [
            switch(0, IDLE, "R", task(1)),
            switch(10, task(1), "R", task(2)),
            switch(50, task(1), "R", task(3)),
            switch(60, task(3), "S", IDLE),
        ]
    )

    assert recording.counts.holes == 1
    assert sorted(recording.stints()) == [(0, only(recording, 1).number, 0, 10), (0, only(recording, 3).number, 50, 60)]


def test_a_used_number_is_a_new_task() -> None:
    """After an exit the kernel may give the process number to another program."""
    recording = follow(
        [
            switch(0, IDLE, "R", task(1)),
            switch(10, task(1), "X", IDLE),
            woken(20, 1),
            switch(21, IDLE, "R", task(1)),
            switch(25, task(1), "S", IDLE),
        ]
    )

    assert [list(each.bursts) for each in recording.tasks] == [[10], [4]]


def test_migrations_are_counted() -> None:
    """A task that continues on another processor moved."""
    recording = follow(
        [
            switch(0, IDLE, "R", task(1), cpu=0),
            switch(5, IDLE, "R", task(2), cpu=1),
            switch(10, task(1), "R", IDLE, cpu=0),
            switch(12, task(2), "S", task(1), cpu=1),
            switch(20, task(1), "S", IDLE, cpu=1),
        ]
    )

    assert recording.counts.migrations == 1
    assert list(only(recording, 1).bursts) == [18]


def test_time_on_other_processors_is_time_away() -> None:
    """With one processor asked for, what a task does elsewhere is like I/O: it neither works here nor waits."""
    events = [
        switch(0, IDLE, "R", task(1), cpu=0),
        switch(10, task(1), "R", IDLE, cpu=0),
        switch(12, IDLE, "R", task(1), cpu=1),
        switch(30, task(1), "R", IDLE, cpu=1),
        switch(33, IDLE, "R", task(1), cpu=0),
        switch(40, task(1), "S", IDLE, cpu=0),
    ]

    recording = follow(events, cpus=frozenset({0}))

    assert list(only(recording, 1).bursts) == [10, 20, 7]
    assert recording.cpus == {0}


def test_the_time_asked_for_begins_in_the_middle() -> None:
    """Who runs when it begins is known from before, and counts from there."""
    events = [
        switch(1000, IDLE, "R", task(1)),
        switch(1040, task(1), "R", task(2)),
        switch(1100, task(2), "R", task(1)),
        switch(1150, task(1), "S", IDLE),
    ]

    recording = follow(events, from_ns=50, to_ns=120)

    assert sorted(recording.stints()) == [(0, 0, 100, 120), (0, 1, 50, 100)]
    assert (only(recording, 2).arrival, only(recording, 1).arrival) == (50, 50)


def test_a_task_that_sleeps_over_the_beginning_arrives_with_its_wake_up() -> None:
    """How long it had slept before is no part of the time asked for."""
    events = [
        switch(0, IDLE, "R", task(1)),
        switch(10, task(1), "S", IDLE),
        woken(80, 1),
        switch(85, IDLE, "R", task(1)),
        switch(95, task(1), "S", IDLE),
    ]

    recording = follow(events, from_ns=50)

    assert (only(recording, 1).arrival, list(only(recording, 1).bursts)) == (80, [10])


def test_a_task_that_was_woken_but_never_ran_is_left_out() -> None:
    """A task needs a burst to be one."""
    recording = follow([switch(0, IDLE, "R", task(1)), woken(5, 2), switch(10, task(1), "S", IDLE)])

    assert [each.pid for each in recording.tasks] == [1]
    assert recording.counts.never_ran == 1


def test_lost_events_and_time_that_goes_back_are_counted() -> None:
    """Both are faults of the recording, not of the machine."""
    recording = follow([switch(100, IDLE, "R", task(1)), Lost(7), woken(90, 2), switch(110, task(1), "S", IDLE)])

    assert (recording.counts.lost, recording.counts.out_of_order) == (7, 1)


def test_a_wake_up_of_a_running_task_changes_nothing() -> None:
    """It was awake already."""
    recording = follow([switch(0, IDLE, "R", task(1)), woken(5, 1), switch(10, task(1), "S", IDLE)])

    assert list(only(recording, 1).bursts) == [10]


def test_the_first_of_two_wake_ups_counts() -> None:
    """sched_waking and sched_wakeup of the same wake-up may both be recorded; the task waits from the first on."""
    recording = follow(
        [
            switch(0, IDLE, "R", task(1)),
            woken(3, 2),
            woken(8, 2),
            switch(10, task(1), "S", task(2)),
            woken(20, 1),
            woken(26, 1),
            switch(30, task(2), "S", task(1)),
            switch(35, task(1), "S", IDLE),
        ]
    )

    assert only(recording, 2).arrival == 3
    assert list(only(recording, 1).bursts) == [10, 10, 5]


def test_bursts_from_before_the_beginning_are_forgotten() -> None:
    """Only what was run in the time asked for is in the workload."""
    events = [
        switch(0, IDLE, "R", task(1)),
        switch(10, task(1), "S", IDLE),
        woken(20, 1),
        switch(20, IDLE, "R", task(1)),
        switch(90, task(1), "S", IDLE),
    ]

    recording = follow(events, from_ns=50)

    assert list(only(recording, 1).bursts) == [40]
