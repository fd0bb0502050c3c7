"""Whatever a recording says: what is made of it is a schedule, and bursts are what was run."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given, settings, strategies as st

from climb.systems.scheduler.imports.events import Ready, Switch
from climb.systems.scheduler.imports.following import Recording, follow
from climb.systems.scheduler.imports.imported import imported

PIDS = st.integers(0, 4)
TIMES = st.integers(0, 5)  # since the event before
STATES = st.sampled_from(["R", "R+", "S", "D", "I", "X", "Z"])
READY = st.builds(lambda pid: ("ready", pid), PIDS)
SWITCH = st.builds(lambda *parts: ("switch", *parts), st.integers(0, 1), PIDS, STATES, PIDS)
EVENTS = st.lists(st.tuples(TIMES, READY | SWITCH), max_size=40)


def recorded(drawn: list[tuple[int, tuple[object, ...]]]) -> list[Switch | Ready]:
    at, events = 0, []
    for later, (kind, *parts) in drawn:
        at += later
        if kind == "ready":
            events.append(Ready(at, f"p{parts[0]}", parts[0], 120, new=False))
        else:
            cpu, before, state, after = parts
            events.append(Switch(at, cpu, f"p{before}", before, 120, state, f"p{after}", after, 120))
    return events


def times(recording: Recording) -> tuple[Counter[int], Counter[int]]:
    ran: Counter[int] = Counter()
    for _cpu, number, start, end in recording.stints():
        ran[number] += end - start
    worked = Counter({task.number: sum(task.bursts[::2]) for task in recording.tasks})
    return ran, +worked


@settings(max_examples=200, deadline=None)
@given(EVENTS, st.integers(0, 60), st.sampled_from([None, frozenset({0})]))
def test_no_processor_runs_two_tasks_at_once(drawn: list, start: int, cpus: frozenset[int] | None) -> None:
    """Stints of a processor follow each other, within the time asked for, on processors that were asked for."""
    recording = follow(recorded(drawn), from_ns=start, to_ns=start + 50, cpus=cpus)

    for cpu in (0, 1):
        own = sorted((stint for stint in recording.stints() if stint[0] == cpu), key=lambda stint: stint[2:])
        assert all(before[3] <= after[2] for before, after in pairwise(own))
        assert all(start <= stint[2] < stint[3] <= start + 50 for stint in own)
        assert not own or cpus is None or cpu in cpus


@settings(max_examples=200, deadline=None)
@given(EVENTS, st.integers(0, 60), st.sampled_from([None, frozenset({0})]))
def test_the_work_of_a_task_is_what_it_ran(drawn: list, start: int, cpus: frozenset[int] | None) -> None:
    """No time is lost between the schedule and the workload, and none is made up."""
    ran, worked = times(follow(recorded(drawn), from_ns=start, cpus=cpus))

    assert ran == worked


@settings(max_examples=200, deadline=None)
@given(EVENTS, st.integers(1, 20))
def test_what_is_imported_is_a_workload(drawn: list, tick_ns: int) -> None:
    """Bursts begin and end with work, are at least a tick, and names are unique."""
    found = imported(follow(recorded(drawn)), tick_ns=tick_ns)

    tasks = found.workload.tasks if found else ()
    assert all(len(task.bursts) % 2 == 1 and min(task.bursts) >= 1 and task.arrival >= 0 for task in tasks)
    assert len({task.id for task in tasks}) == len(tasks)
