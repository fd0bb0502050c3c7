"""Policies on one workload: numbers, ranks, and that the named workloads separate the policies that they say they do."""

from __future__ import annotations

import pytest

from climb.systems.scheduler import schedule
from climb.systems.scheduler.compare import MEASURES, best_at, compare, measure, ranked
from climb.systems.scheduler.model import POLICIES, Options, Policy, Schedule, Task, Workload
from climb.systems.scheduler.named import NAMED, named_workload

SEEDS = range(1, 11)
TWO = Workload(tasks=(Task(id="long", bursts=(10,)), Task(id="short", bursts=(2,))))


def under(policy: Policy, name: str, seed: int, **more: int) -> Schedule:
    return schedule(named_workload(name, seed), Options(policy=policy, **more))  # type: ignore[arg-type]


def test_each_run_has_its_numbers() -> None:
    """Two tasks that come together: first come, first served lets the short one wait for the long one."""
    fcfs, sjf = compare(TWO, [Options(policy="fcfs"), Options(policy="sjf")])

    assert (fcfs.turnaround.mean, fcfs.turnaround.p50, fcfs.waiting.max) == (11.0, 10, 10)
    assert (sjf.turnaround.mean, sjf.response.max, sjf.jobs) == (7.0, 2, 2)


def test_ranks_go_from_best_to_worst() -> None:
    """Which end is best depends on the measure; equals stay in the order asked for."""
    runs = compare(TWO, [Options(policy="rr", quantum=1), Options(policy="fcfs"), Options(policy="sjf")])

    assert [run.options.policy for run in ranked(runs, "turnaround")] == ["sjf", "rr", "fcfs"]
    assert [run.options.policy for run in ranked(runs, "switches")] == ["fcfs", "sjf", "rr"]


def test_a_measure_in_which_all_are_equal_is_nobodys_strength() -> None:
    """Both finish at the same tick, so the makespan says nothing about them."""
    fcfs, sjf = best_at(compare(TWO, [Options(policy="fcfs"), Options(policy="sjf")]))

    assert "turnaround" in sjf
    assert "makespan" not in (*fcfs, *sjf)


def test_an_unknown_measure_lists_the_known_ones() -> None:
    """A slip is answered with what there is."""
    with pytest.raises(LookupError, match="no measure 'speed'; there are turnaround, waiting"):
        measure("speed")


def test_means_agree_with_the_schedules_own() -> None:
    """Without periods a task is a job, and the mean over jobs is the mean over tasks."""
    for policy in POLICIES:
        (run,) = compare(named_workload("mixed"), [Options(policy=policy)])

        assert run.turnaround.mean == pytest.approx(run.summary.mean_turnaround)
        assert run.waiting.mean == pytest.approx(run.summary.mean_waiting)
        assert run.response.mean == pytest.approx(run.summary.mean_response)


def test_the_worst_job_is_what_the_schedule_says_of_a_periodic_task() -> None:
    """The contract gives the largest of a task's jobs; here all jobs count, so the largest of all must be there too."""
    workload = named_workload("control")
    (run,) = compare(workload, [Options(policy="rm")])

    tasks = schedule(workload, Options(policy="rm")).tasks.values()
    assert run.turnaround.max == max(task.turnaround for task in tasks)
    assert run.response.max == max(task.response for task in tasks)


@pytest.mark.parametrize("name", NAMED)
def test_every_policy_can_play_it(name: str) -> None:
    """All jobs complete under all policies."""
    runs = compare(named_workload(name), [Options(policy=policy) for policy in POLICIES])

    assert len({run.jobs for run in runs}) == 1
    assert all(each.of(run) >= 0 for run in runs for each in MEASURES)


@pytest.mark.parametrize("seed", SEEDS)
def test_interactive_separates_by_response(seed: int) -> None:
    """Policies that never take the processor back answer at least twice as late."""
    late = [under(policy, "interactive", seed).summary.mean_response for policy in ("fcfs", "sjf")]
    soon = [under(policy, "interactive", seed).summary.mean_response for policy in ("rr", "mlfq", "cfs", "eevdf")]

    assert min(late) > 2 * max(soon)


@pytest.mark.parametrize("seed", SEEDS)
def test_batch_separates_by_turnaround(seed: int) -> None:
    """Shortest first is best on average, taking turns is worst."""
    sjf, fcfs, rr = (under(policy, "batch", seed).summary.mean_turnaround for policy in ("sjf", "fcfs", "rr"))

    assert sjf < fcfs < rr


@pytest.mark.parametrize("seed", SEEDS)
def test_convoy_separates_by_waiting(seed: int) -> None:
    """Behind a long task without preemption everybody waits more than twice as long."""
    fcfs, srtf, mlfq = (under(policy, "convoy", seed).summary.mean_waiting for policy in ("fcfs", "srtf", "mlfq"))

    assert fcfs > 2 * max(srtf, mlfq)


@pytest.mark.parametrize("seed", SEEDS)
def test_starvation_separates_by_what_the_patient_task_gets(seed: int) -> None:
    """It first runs near the end, or it takes its turns from the beginning."""
    starved = [under(policy, "starvation", seed) for policy in ("sjf", "srtf", "priority")]
    served = [under(policy, "starvation", seed) for policy in ("rr", "mlfq", "stride", "cfs", "eevdf")]
    aged = under("priority", "starvation", seed, aging=2)

    assert min(each.tasks["patient"].response / each.summary.makespan for each in starved) > 0.7
    assert max(each.tasks["patient"].response / each.summary.makespan for each in (*served, aged)) < 0.2


@pytest.mark.parametrize("seed", SEEDS)
def test_control_separates_edf_from_rm(seed: int) -> None:
    """With nearly all of the processor asked for, a fixed order misses deadlines, and the earliest deadline first none."""
    assert under("edf", "control", seed).summary.missed_deadlines == 0
    assert under("rm", "control", seed).summary.missed_deadlines > 0


@pytest.mark.parametrize("policy", ["stride", "cfs", "eevdf"])
def test_shares_separates_by_weight(policy: Policy) -> None:
    """The heaviest task is done in not much more than its own time; under rr all are done near the end."""
    fair, equal = under(policy, "shares", 1), under("rr", "shares", 1)
    length = named_workload("shares", 1).tasks[0].bursts[0]

    assert fair.tasks["nice-10"].turnaround < 1.7 * length
    assert equal.tasks["nice-10"].turnaround > 4.5 * length


@pytest.mark.parametrize("seed", range(1, 4))
def test_crowd_separates_the_queues(seed: int) -> None:
    """One queue for all moves tasks between processors at every turn, which costs; a queue for each keeps them where they were."""
    workload = named_workload("crowd", seed)

    everywhere, apart = (schedule(workload, Options(policy="rr", queues=kind)) for kind in ("global", "per-cpu"))

    assert apart.summary.makespan < everywhere.summary.makespan
