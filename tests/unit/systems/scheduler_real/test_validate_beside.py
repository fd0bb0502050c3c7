"""Measured beside emulated, from numbers that were written by hand."""

from __future__ import annotations

import pytest

from climb.systems.scheduler.model import Segment
from climb.systems.scheduler.percentiles import Spread
from climb.systems.scheduler.validate.emulated import Emulated, options_for, read_timeline, workload_for
from climb.systems.scheduler.validate.judged import Validation, judged
from climb.systems.scheduler.validate.machine import Kernel
from climb.systems.scheduler.validate.real import Measured
from climb.systems.scheduler.validate.scenarios import SCENARIOS, Scenario, Worker, raised

KERNEL = Kernel("6.18.0", "eevdf", 250, 1400, "the kernel's default", autogroup=True, group="/")
HOG, SLEEPER = Worker("hog", 0), Worker("sleeper", 5, work_us=300, pause_us=1000)
PAIR = Scenario("pair", "one of each", 5.0, (HOG, SLEEPER))


def measured(*ran_ns: int, others: float = 0.0, groups: tuple[str, ...] = ("/autogroup-1 nice 0",) * 2) -> Measured:
    lasted_s = sum(ran_ns) / 1e9
    return Measured(
        lasted_s=lasted_s / (1 - others),
        ran_ns=ran_ns,
        waited_ns=(0, 0),
        waits_ns=((), (100_000, 300_000)),
        groups=groups,
        busy=1.0,
        stolen=0.0,
    )


def beside(real: Measured) -> Validation:
    emulated = Emulated(ran=(800, 200), waits=((), (2, 4)))
    return judged(
        PAIR,
        real,
        {"eevdf": emulated, "cfs": Emulated(ran=(900, 100), waits=((), ()))},
        KERNEL,
        cpu=1,
        quantum=14,
        busy_before=0.0,
        nice_raised=False,
    )


def test_shares_are_set_beside_each_other() -> None:
    """In percent of what all workers used; the error is in points."""
    hog, sleeper = beside(measured(7_700_000_000, 2_300_000_000)).workers

    assert (hog.share, hog.eevdf_share, hog.cfs_share) == (77.0, 80.0, 90.0)
    assert (hog.error, sleeper.error, sleeper.cfs_error) == (3.0, -3.0, -13.0)


def test_waits_are_in_microseconds_on_both_sides() -> None:
    """The kernel counts nanoseconds, the emulator ticks."""
    _, sleeper = beside(measured(8_000_000_000, 2_000_000_000)).workers

    assert sleeper.wake_ups == 2
    assert sleeper.wait == Spread(mean=200.0, p50=100, p90=300, p99=300, max=300)
    assert sleeper.eevdf_wait == Spread(mean=300.0, p50=200, p90=400, p99=400, max=400)
    assert sleeper.cfs_wait is None


def test_the_goal_is_for_the_policy_of_this_kernel() -> None:
    """Under cfs the pair is ten points off, but this kernel follows eevdf."""
    found = beside(measured(7_700_000_000, 2_300_000_000))

    assert (found.error, found.within, found.reasons) == (pytest.approx(3.0), True, ())


def test_outside_of_the_goal_it_says_what_came_between() -> None:
    """Other programs, groups, and too short a time are named."""
    real = measured(1_000_000_000, 1_000_000_000, others=0.25, groups=("/autogroup-1 nice 0", "/autogroup-2 nice 0"))

    found = beside(real)

    assert not found.within
    assert [reason.split(".")[0] for reason in found.reasons] == [
        "Other programs used 25",
        "The workers were in different groups, and groups share before nice values do: sched_autogroup_enabled",
        "2",
    ]


def test_workers_become_tasks() -> None:
    """A tick is 100 µs; a hog has enough to do, a sleeper works and sleeps in turn."""
    hog, sleeper = workload_for(PAIR.workers, 25).tasks

    assert (hog.bursts, hog.nice) == ((25,), 0)
    assert (sleeper.bursts, sleeper.nice) == ((3, 10, 3, 10, 3), 5)


def test_a_timeline_tells_shares_and_waits() -> None:
    """A sleeper wakes up exactly its pause after its burst; what lies between that and its turn is its wait."""
    timeline = [
        Segment(0, "1 sleeper", 0, 3),
        Segment(0, "0 hog", 3, 15),
        Segment(0, "1 sleeper", 15, 17),
        Segment(0, "0 hog", 17, 20),
        Segment(0, "1 sleeper", 20, 21),
        Segment(0, "0 hog", 21, 40),
        Segment(0, "1 sleeper", 40, 43),
    ]

    found = read_timeline(PAIR.workers, timeline, 10, 30)

    assert found == Emulated(ran=(17, 3), waits=((), (2,)))


def test_the_kernels_settings_become_ticks() -> None:
    """The slice is that of the kernel; cfs has the values of the kernels that had it, for two processors."""
    options = options_for("cfs", KERNEL, 2)

    assert (options.quantum, options.latency, options.granularity) == (14, 120, 15)


def test_an_ordinary_user_gets_nice_values_from_0_on() -> None:
    """The distances stay, as far as there are nice values."""
    workers = raised(SCENARIOS["hogs"], 0).workers

    assert [worker.nice for worker in workers] == [0, 5, 10, 15, 19]
    assert [worker.name for worker in workers] == ["hog0", "hog+5", "hog+10", "hog+15", "hog+19"]
