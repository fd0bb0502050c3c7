"""The compiled engine makes the same schedules as the plain one, from the same source."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from climb.systems.scheduler import compiled, playing, schedule
from climb.systems.scheduler.model import POLICIES, Options, Policy, Task, Workload


def _workload(draw: random.Random) -> Workload:
    tasks = tuple(
        Task(
            id=f"t{number}",
            bursts=tuple(draw.randint(1, 12) for _ in range(draw.choice([1, 1, 3, 5]))),
            arrival=draw.choice([0, draw.randint(0, 40)]),
            priority=draw.randint(-2, 2),
            nice=draw.choice([0, 0, -20, -5, 5, 19]),
            tickets=draw.choice([1, 50, 100, 1_000_000]),
            period=draw.choice([None, None, draw.randint(5, 40)]),
        )
        for number in range(draw.randint(1, 12))
    )
    return Workload(
        tasks=tasks,
        cpus=draw.randint(1, 4),
        switch_cost=draw.randint(0, 3),
        migration_cost=draw.randint(0, 2),
        until=draw.randint(1, 100),
    )


def _options(draw: random.Random, policy: Policy) -> Options:
    return Options(
        policy=policy,
        quantum=draw.randint(1, 6),
        aging=draw.randint(0, 3),
        levels=draw.randint(1, 4),
        allotment=draw.choice([None, draw.randint(1, 8)]),
        boost=draw.choice([0, draw.randint(1, 20)]),
        latency=draw.randint(1, 30),
        granularity=draw.randint(1, 6),
        queues=draw.choice(["global", "per-cpu"]),
    )


@pytest.mark.slow  # numba compiles for several seconds
@pytest.mark.parametrize("policy", POLICIES)
def test_compiled_and_plain_agree(policy: Policy) -> None:
    """On random workloads, options, processors and kinds of queues, the schedules are equal."""
    draw = random.Random(policy)
    for _ in range(150):
        workload, options = _workload(draw), _options(draw, policy)

        assert schedule(workload, options, engine="compiled") == schedule(workload, options, engine="plain")


@pytest.mark.slow
def test_changing_over_in_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    """A play that starts plain and goes on compiled makes the same schedule, once each segment."""
    monkeypatch.setattr(playing, "_LOOK_EVERY", 100)
    monkeypatch.setattr(playing, "_COMPILE_S", 0.0)
    tasks = tuple(Task(id=f"t{n}", bursts=(60 + n, 5, 30), nice=n % 5) for n in range(20))
    options = Options(policy="eevdf", queues="per-cpu")

    mixed = schedule(Workload(tasks=tasks, cpus=2), options)

    assert compiled.is_kept("eevdf")
    assert mixed == schedule(Workload(tasks=tasks, cpus=2), options, engine="plain")


@pytest.mark.slow
def test_a_policy_is_compiled_once(tmp_path: Path) -> None:
    """What one process compiled, the next one loads."""
    script = (
        "from climb.systems.scheduler import compiled, schedule\n"
        "from climb.systems.scheduler.model import Options, Task, Workload\n"
        "schedule(Workload(tasks=(Task(id='A', bursts=(3,)),)), Options(policy='fcfs'), engine='compiled')\n"
        "stats = compiled.compiled_engine_of('fcfs').stats\n"
        "print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))\n"
    )
    environment = {**os.environ, "CLIMB_HOME": str(tmp_path)}

    said = [
        subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]

    assert said == ["0 1\n", "1 0\n"]


def test_large_numbers_are_left_to_the_plain_engine() -> None:
    """Where a sum could outgrow 64 bits, nothing is compiled; the plain engine's numbers have no end."""
    tasks = tuple(Task(id=f"t{n}", bursts=(10**9,), nice=19) for n in range(64))

    assert not playing.fits(Workload(tasks=tasks), Options(policy="eevdf", quantum=10**9))
    assert playing.fits(Workload(tasks=tasks), Options(policy="rr"))
