"""The trace for Perfetto: every event as the Trace Event Format has it, and the counter right at every tick."""

import io
import json
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st

from climb.systems.scheduler import schedule, segments
from climb.systems.scheduler.model import Options, Policy, Segment, Task, Workload
from climb.systems.scheduler.output.perfetto import events, write
from climb.systems.scheduler.output.ready import ReadyCounter, by_start
from climb.systems.scheduler.random_workloads import random_workload

ONE = Workload(tasks=(Task(id="A", bursts=(2, 3, 1)), Task(id="B", bursts=(3,), arrival=1)))

BURSTS = st.integers(0, 2).flatmap(lambda ios: st.lists(st.integers(1, 5), min_size=2 * ios + 1, max_size=2 * ios + 1))
TASK = st.tuples(BURSTS, st.integers(0, 6), st.one_of(st.none(), st.integers(2, 9)))
WORKLOAD = st.builds(
    lambda tasks, cpus, cost: Workload(
        cpus=cpus,
        switch_cost=cost,
        until=20,
        tasks=tuple(
            Task(id=f"t{number}", bursts=tuple(bursts), arrival=arrival, period=period)
            for number, (bursts, arrival, period) in enumerate(tasks)
        ),
    ),
    st.lists(TASK, min_size=1, max_size=5),
    st.integers(1, 3),
    st.integers(0, 2),
)
POLICY = st.sampled_from(("fcfs", "srtf", "rr", "mlfq", "edf", "cfs"))


def trace(workload: Workload, policy: Policy = "rr", tick_us: int = 1) -> dict:
    out = io.BytesIO()
    write(out, workload, policy, segments(workload, Options(policy=policy, quantum=2)), tick_us=tick_us)
    return json.loads(out.getvalue())


def ready_at(workload: Workload, timeline: tuple[Segment, ...], tick: int) -> int:
    """How many tasks are ready, told from each task's own history alone."""
    return sum(
        _is_ready(task, workload.until, [each for each in timeline if each.task == task.id], tick)
        for task in workload.tasks
    )


def _is_ready(task: Task, until: int | None, own: list[Segment], tick: int) -> bool:
    ran = [at for segment in own for at in range(segment.start, segment.end)]
    if tick in ran:
        return False
    release, since = task.arrival, task.arrival
    while True:
        for number, burst in enumerate(task.bursts):
            if number % 2:
                since += burst
                continue
            mine, ran = ran[:burst], ran[burst:]
            if not mine:
                return False
            if since <= tick <= mine[-1]:
                return True
            since = mine[-1] + 1
        release += task.period or 0
        since = max(since, release)
        if task.period is None or not ran:
            return False


@given(WORKLOAD, POLICY)
@settings(max_examples=60, deadline=None)
def test_the_counter_is_right_at_every_tick(workload: Workload, policy: Policy) -> None:
    """However the segments come: the count is what each task's own history says."""
    options = Options(policy=policy, quantum=2)
    timeline = schedule(workload, options).timeline
    counter = ReadyCounter(workload)
    counts = [
        count for segment in by_start(segments(workload, options), workload.cpus) for count in counter.enter(segment)
    ]
    counts += counter.finish()
    told, now = [], 0
    for tick in range(max(segment.end for segment in timeline) + 1):
        now = next((count.ready for count in counts if count.tick == tick), now)
        told.append(now)

    assert told == [ready_at(workload, timeline, tick) for tick in range(len(told))]
    assert all(one.tick < other.tick and one.ready != other.ready for one, other in pairwise(counts))


@given(WORKLOAD, POLICY)
@settings(max_examples=40, deadline=None)
def test_segments_are_put_in_order(workload: Workload, policy: Policy) -> None:
    """Of all processors by start, none lost."""
    options = Options(policy=policy, quantum=2)

    ordered = list(by_start(segments(workload, options), workload.cpus))

    assert ordered == sorted(ordered, key=lambda segment: (segment.start, segment.cpu))
    assert ordered == list(schedule(workload, options).timeline)


def test_segments_of_one_processor_are_held_back_for_one() -> None:
    """A trace can be as long as it likes."""
    taken = []

    def made() -> Iterator[Segment]:
        for at in range(1000):
            taken.append(at)
            yield Segment(0, "A", at, at + 1)

    ordered = by_start(made(), 1)
    next(ordered)

    assert len(taken) <= 2


@pytest.mark.parametrize("policy", ["rr", "eevdf"])
def test_every_event_is_complete(policy: Policy) -> None:
    """The phases have the fields that the format demands, in its types, and nothing else has a time."""
    document = trace(random_workload(3, tasks=6, cpus=2), policy)
    needed = {
        "M": {"name", "ph", "pid", "tid", "args"},
        "X": {"name", "cat", "ph", "pid", "tid", "ts", "dur", "args"},
        "C": {"name", "ph", "pid", "ts", "args"},
    }

    assert document["displayTimeUnit"] in {"ms", "ns"}
    assert {event["ph"] for event in document["traceEvents"]} == set("MXC")
    for event in document["traceEvents"]:
        assert event.keys() == needed[event["ph"]]
        assert all(
            type(event[name]) is int and event[name] >= 0 for name in ("pid", "tid", "ts", "dur") if name in event
        )
        assert all(type(value) is int for value in event["args"].values()) or event["ph"] != "C"


def test_every_track_has_a_name_before_anything_is_on_it() -> None:
    """Processors and tasks; thread 0, which readers take for the idle one, is nobody's."""
    found = trace(random_workload(3, tasks=6, cpus=2))["traceEvents"]
    named = {}
    for event in found:
        if event["name"] == "thread_name":
            named[event["pid"], event["tid"]] = event["args"]["name"]
        if event["ph"] == "X":
            assert event["tid"] > 0
            assert (event["pid"], event["tid"]) in named

    assert [name for (process, _), name in named.items() if process == 1] == ["cpu 0", "cpu 1"]
    assert [name for (process, _), name in named.items() if process == 2] == [f"t{number}" for number in range(1, 7)]
    assert len({thread for _, thread in named}) == len(named)


def test_nothing_overlaps_on_a_track() -> None:
    """Perfetto would nest it."""
    tracks = defaultdict(list)
    for event in trace(random_workload(5, tasks=9, cpus=3), "mlfq")["traceEvents"]:
        if event["ph"] == "X":
            tracks[event["pid"], event["tid"]].append((event["ts"], event["ts"] + event["dur"]))

    for spans in tracks.values():
        assert all(one[1] <= other[0] for one, other in pairwise(sorted(spans)))


def test_the_tracks_say_what_the_schedule_says() -> None:
    """Each segment once on its processor's track, once on its task's."""
    timeline = schedule(ONE, Options(policy="rr", quantum=2)).timeline
    on = {1: [], 2: []}
    for event in events(ONE, timeline):
        if event["ph"] == "X":
            on[event["pid"]].append((event["name"], event["ts"], event["dur"]))

    assert on[1] == [(each.task, each.start, each.end - each.start) for each in timeline]
    assert on[2] == [("cpu 0", each.start, each.end - each.start) for each in timeline]


def test_a_tick_may_be_longer() -> None:
    """Times and lengths are multiplied, the ticks themselves stay in the arguments."""
    one, thousand = trace(ONE)["traceEvents"], trace(ONE, tick_us=1000)["traceEvents"]

    assert [event.get("ts", 0) * 1000 for event in one] == [event.get("ts", 0) for event in thousand]
    assert [event.get("dur", 0) * 1000 for event in one] == [event.get("dur", 0) for event in thousand]
    assert [event["args"] for event in one] == [event["args"] for event in thousand]


def test_the_example_of_one_processor() -> None:
    """B waits from 1 to 2, A after its I/O from 5 to 6... and the counter says so."""
    counts = [
        (event["ts"], event["args"]["ready"]) for event in trace(ONE, "fcfs")["traceEvents"] if event["ph"] == "C"
    ]

    assert counts == [(1, 1), (2, 0)]
