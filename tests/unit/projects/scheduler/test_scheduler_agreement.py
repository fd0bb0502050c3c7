"""The judge's rules and the reference were written apart from one brief. Where they disagree, one of them is wrong."""

import random
from typing import Any

import msgspec
import pytest

from climb.projects.scheduler.rules import Piece, Timeline, by_the_rules
from climb.projects.scheduler.rules.measures import measure
from climb.projects.scheduler.workload import Options, Task, Workload
from climb.systems.scheduler import model, schedule

POLICIES = ("fcfs", "sjf", "srtf", "rr", "priority", "mlfq", "lottery", "stride", "cfs", "eevdf", "edf", "rm")
EACH = 40


def any_task(chance: random.Random, name: str) -> Task:
    bursts = [chance.randint(1, 9) for _ in range(chance.choice((1, 1, 3, 5)))]
    fields: dict[str, Any] = {"priority": chance.randint(-2, 2), "nice": chance.choice((0, 0, 1, -5, 19, -20))}
    if chance.random() < 0.3:
        fields["period"] = chance.randint(2, 15)
    if chance.random() < 0.4:
        fields["deadline"] = chance.randint(1, 20)
    return Task(
        id=name,
        bursts=tuple(bursts),
        arrival=chance.choice((0, 0, 3, 8)),
        tickets=chance.choice((100, 1, 70)),
        **fields,
    )


def any_case(chance: random.Random, policy: Any) -> tuple[Workload, Options]:
    tasks = tuple(any_task(chance, name) for name in "ABCDEF"[: chance.randint(1, 6)])
    workload = Workload(
        tasks=tasks,
        cpus=chance.choice((1, 1, 2, 3)),
        switch_cost=chance.choice((0, 0, 2)),
        migration_cost=chance.choice((0, 0, 3)),
        until=chance.randint(1, 40),
    )
    options = Options(
        policy=policy,
        given_quantum=chance.choice((None, 1, 2, 3)),
        given_allotment=chance.choice((None, 1, 5)),
        given_levels=chance.choice((None, 1, 2)),
        given_latency=chance.choice((None, 6)),
        given_granularity=chance.choice((None, 1)),
        given_seed=chance.choice((None, 42)),
        aging=chance.choice((0, 1, 4)),
        boost=chance.choice((0, 5, 12)),
        per_cpu=chance.random() < 0.5,
    )
    return workload, options


def of_the_reference(workload: Workload, options: Options) -> model.Schedule:
    words = [word.removeprefix("--") for word in options.words()]
    given: dict[str, Any] = {
        name: value if name in ("policy", "queues") else int(value)
        for name, value in zip(words[::2], words[1::2], strict=True)
    }
    return schedule(msgspec.json.decode(workload.document(), type=model.Workload), model.Options(**given))


@pytest.mark.parametrize("policy", POLICIES)
def test_rules_and_reference_agree_on_timelines(policy: str) -> None:
    """On small random workloads both ask for the same timeline, to the tick."""
    for number in range(EACH):
        workload, options = any_case(random.Random(f"{policy} {number}"), policy)

        segments = of_the_reference(workload, options).timeline

        theirs = Timeline((Piece(one.cpu, one.task, one.start, one.end) for one in segments), workload.cpus)
        assert by_the_rules(workload, options).pieces == theirs.pieces, (workload.document(), options.words())


@pytest.mark.parametrize("policy", POLICIES)
def test_rules_and_reference_agree_on_measures(policy: str) -> None:
    """Of the same timeline both compute the same measures."""
    for number in range(EACH):
        workload, options = any_case(random.Random(f"{policy} {number}"), policy)

        theirs = of_the_reference(workload, options)

        mine = measure(workload, by_the_rules(workload, options))
        assert mine.tasks == {name: msgspec.structs.asdict(value) for name, value in theirs.tasks.items()}
        for field, value in msgspec.structs.asdict(theirs.summary).items():
            assert float(mine.summary[field]) == pytest.approx(value, abs=1e-4), field
