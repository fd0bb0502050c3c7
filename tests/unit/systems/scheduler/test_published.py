"""Schedules and averages that textbooks and papers print, with their places.

OSTEP: R. and A. Arpaci-Dusseau, Operating Systems: Three Easy Pieces, 1.10. OSC: Silberschatz, Galvin and Gagne, Operating
System Concepts, 10th edition. Liu and Layland: Scheduling Algorithms for Multiprogramming in a Hard-Real-Time Environment,
Journal of the ACM 20 (1), 1973.
"""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings, strategies as st

from climb.systems.scheduler import schedule
from climb.systems.scheduler.model import Options, Schedule, Task, Workload
from climb.systems.scheduler.weights import weight_of


def _play(policy: str, tasks: list[Task], *, cpus: int = 1, until: int | None = None, **options: object) -> Schedule:
    return schedule(Workload(tasks=tuple(tasks), cpus=cpus, until=until), Options(policy=policy, **options))


def _jobs(*ticks: int, arrivals: tuple[int, ...] = ()) -> list[Task]:
    """Jobs of one burst, P1, P2 and so on."""
    return [
        Task(id=f"P{n + 1}", bursts=(length,), arrival=arrivals[n] if arrivals else 0) for n, length in enumerate(ticks)
    ]


def _text(made: Schedule, cpu: int = 0) -> str:
    return ", ".join(f"{part.task} {part.start}–{part.end}" for part in made.timeline if part.cpu == cpu)


@pytest.mark.parametrize(
    ("place", "policy", "tasks", "turnaround"),
    [
        ("figure 7.1", "fcfs", _jobs(10, 10, 10), 20),
        ("figure 7.2, the convoy", "fcfs", _jobs(100, 10, 10), 110),
        ("figure 7.3", "sjf", _jobs(100, 10, 10), 50),
        ("figure 7.4, late arrivals", "sjf", _jobs(100, 10, 10, arrivals=(0, 10, 10)), 103.33),
        ("figure 7.5", "srtf", _jobs(100, 10, 10, arrivals=(0, 10, 10)), 50),
    ],
)
def test_ostep_chapter_7_turnaround(place: str, policy: str, tasks: list[Task], turnaround: float) -> None:
    """The mean turnaround is the one that the text gives."""
    assert _play(policy, tasks).summary.mean_turnaround == pytest.approx(turnaround, abs=0.01), place


@pytest.mark.parametrize(("policy", "response"), [("sjf", 5), ("rr", 1)])
def test_ostep_chapter_7_response(policy: str, response: int) -> None:
    """Figures 7.6 and 7.7: three jobs of 5 s, slices of 1 s."""
    assert _play(policy, _jobs(5, 5, 5), quantum=1).summary.mean_response == response


def test_ostep_chapter_7_overlap_with_io() -> None:
    """Figure 7.9: A computes 50 ms with I/O after every 10, B 50 ms at once; B runs while A waits, and nothing is idle."""
    tasks = [Task(id="A", bursts=(10,) * 9), Task(id="B", bursts=(50,))]

    made = _play("srtf", tasks)

    assert made.summary.makespan == 100
    assert [part.task for part in made.timeline[:8]] == ["A", "B"] * 4


def test_ostep_chapter_8_a_short_job_beside_a_long_one() -> None:
    """Figure 8.3: B arrives at 100 ms, needs 20, and is done before it reaches the lowest of the three queues."""
    tasks = [Task(id="A", bursts=(180,)), Task(id="B", bursts=(20,), arrival=100)]

    assert _text(_play("mlfq", tasks, quantum=10)) == "A 0–100, B 100–120, A 120–200"


def test_ostep_chapter_9_stride() -> None:
    """Figure 9.3: with 100, 50 and 250 tickets A, B and C run in the order A B C C C A C C."""
    tasks = [Task(id=name, bursts=(20,), tickets=tickets) for name, tickets in (("A", 100), ("B", 50), ("C", 250))]

    assert _text(_play("stride", tasks, quantum=1)).startswith("A 0–1, B 1–2, C 2–5, A 5–6, C 6–8")


def test_ostep_chapter_9_equal_shares_of_the_latency() -> None:
    """Figure 9.4: four jobs have slices of 12 ms out of 48; when two are done, the others have 24."""
    tasks = [Task(id=name, bursts=(ticks,)) for name, ticks in (("A", 48), ("B", 48), ("C", 24), ("D", 24))]

    made = _text(_play("cfs", tasks, latency=48, granularity=6))

    assert made == ("A 0–12, B 12–24, C 24–36, D 36–48, A 48–60, B 60–72, C 72–84, D 84–96, A 96–120, B 120–144")


def test_ostep_chapter_9_the_shortest_slice() -> None:
    """Ten jobs would have 4.8 ms of 48 each; they have the granularity, 6."""
    made = _play("cfs", _jobs(*[60] * 10), latency=48, granularity=6)

    assert {part.end - part.start for part in made.timeline} == {6}


def test_ostep_chapter_9_weights() -> None:
    """With nice -5 and 0, weights 3121 and 1024, the slices of 48 ms are about 36 and 12."""
    tasks = [Task(id="A", bursts=(400,), nice=-5), Task(id="B", bursts=(400,))]

    made = _play("cfs", tasks, latency=48, granularity=6)
    first, second = made.timeline[0], made.timeline[1]
    by_then = 300
    share = sum(
        min(part.end, by_then) - part.start for part in made.timeline if part.task == "A" and part.start < by_then
    )

    assert (weight_of(-5), weight_of(0)) == (3121, 1024)
    assert (first.task, first.end) == ("A", 36)
    assert second.task == "B"
    assert share / by_then == pytest.approx(3121 / (3121 + 1024), abs=0.05)


def test_ostep_chapter_10_one_queue_for_each_processor() -> None:
    """Section 10.5: A and C share one processor, B and D the other, in turns."""
    tasks = [Task(id=name, bursts=(4,)) for name in "ABCD"]

    made = _play("rr", tasks, cpus=2, quantum=2, queues="per-cpu")

    assert _text(made, 0) == "A 0–2, C 2–4, A 4–6, C 6–8"
    assert _text(made, 1) == "B 0–2, D 2–4, B 4–6, D 6–8"


@pytest.mark.parametrize(
    ("policy", "tasks", "waiting"),
    [
        ("fcfs", _jobs(24, 3, 3), 17),
        ("fcfs", _jobs(3, 3, 24), 3),
        ("sjf", _jobs(6, 8, 7, 3), 7),
        ("fcfs", _jobs(6, 8, 7, 3), 10.25),
        ("srtf", _jobs(8, 4, 9, 5, arrivals=(0, 1, 2, 3)), 6.5),
        ("sjf", _jobs(8, 4, 9, 5, arrivals=(0, 1, 2, 3)), 7.75),
        ("rr", _jobs(24, 3, 3), 5.66),
    ],
)
def test_osc_chapter_5_waiting(policy: str, tasks: list[Task], waiting: float) -> None:
    """Section 5.3: the mean waiting time is the one that the text gives; quantum 4."""
    assert _play(policy, tasks).summary.mean_waiting == pytest.approx(waiting, abs=0.01)


def test_osc_chapter_5_priorities() -> None:
    """Section 5.3.4: five processes with priorities wait 8.2 ms in the mean."""
    priorities = ((10, 3), (1, 1), (2, 4), (1, 5), (5, 2))
    tasks = [Task(id=f"P{n}", bursts=(ticks,), priority=priority) for n, (ticks, priority) in enumerate(priorities, 1)]

    made = _play("priority", tasks)

    assert _text(made) == "P2 0–1, P5 1–6, P1 6–16, P3 16–18, P4 18–19"
    assert made.summary.mean_waiting == pytest.approx(8.2)


def _periodic(*sets: tuple[int, int], until: int, policy: str) -> Schedule:
    tasks = [Task(id=f"P{n}", bursts=(work,), period=period) for n, (work, period) in enumerate(sets, 1)]
    return _play(policy, tasks, until=until)


def test_osc_chapter_5_rate_monotonic() -> None:
    """Section 5.6.4: 20 of 50 and 35 of 100 ms; all deadlines are met."""
    made = _periodic((20, 50), (35, 100), until=100, policy="rm")

    assert _text(made) == "P1 0–20, P2 20–50, P1 50–70, P2 70–75"
    assert made.summary.missed_deadlines == 0


def test_osc_chapter_5_rate_monotonic_misses() -> None:
    """Section 5.6.4: with 25 of 50 and 35 of 80 ms, P2 completes at 85, after its deadline at 80."""
    made = _periodic((25, 50), (35, 80), until=80, policy="rm")

    assert _text(made) == "P1 0–25, P2 25–50, P1 50–75, P2 75–85"
    assert made.summary.missed_deadlines == 1


def test_osc_chapter_5_earliest_deadline_first() -> None:
    """Section 5.6.5: the same two tasks miss nothing."""
    made = _periodic((25, 50), (35, 80), until=150, policy="edf")

    assert _text(made) == "P1 0–25, P2 25–60, P1 60–85, P2 85–100, P1 100–125, P2 125–145"
    assert made.summary.missed_deadlines == 0


def test_liu_and_layland_two_tasks() -> None:
    """Section 4: with periods 2 and 5 and work 1 and 2, the shorter period first is feasible; the longer one first is not."""
    by_period = _periodic((1, 2), (2, 5), until=10, policy="rm")
    other_way = _play(
        "priority",
        [Task(id="P1", bursts=(1,), period=2, priority=1), Task(id="P2", bursts=(2,), period=5, priority=0)],
        until=10,
    )

    assert by_period.summary.missed_deadlines == 0
    assert other_way.summary.missed_deadlines > 0


_PERIODS = st.sampled_from([4, 5, 6, 8, 10, 12, 15, 20])


@st.composite
def _task_sets(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Two to five tasks, together about as much work as there is time."""
    periods = draw(st.lists(_PERIODS, min_size=2, max_size=5))
    return [(draw(st.integers(1, max(1, 2 * period // (len(periods) + 1)))), period) for period in periods]


def _utilization(tasks: list[tuple[int, int]]) -> Fraction:
    return sum((Fraction(work, period) for work, period in tasks), Fraction())


@settings(max_examples=50, deadline=None, derandomize=True)
@given(_task_sets())
def test_liu_and_layland_bound(tasks: list[tuple[int, int]]) -> None:
    """Theorem 5: up to a utilization of n(2^(1/n) − 1), rate monotonic misses nothing, from a critical instant on."""
    count = len(tasks)
    if _utilization(tasks) <= count * (2 ** (1 / count) - 1):
        made = _periodic(*tasks, until=math.lcm(*(period for _, period in tasks)), policy="rm")

        assert made.summary.missed_deadlines == 0


@settings(max_examples=50, deadline=None, derandomize=True)
@given(_task_sets())
def test_liu_and_layland_deadlines(tasks: list[tuple[int, int]]) -> None:
    """Theorem 7: earliest deadline first misses nothing if and only if the utilization is at most 1."""
    span = math.lcm(*(period for _, period in tasks))
    made = _periodic(*tasks, until=span * 2, policy="edf")

    assert (made.summary.missed_deadlines == 0) == (_utilization(tasks) <= 1)
