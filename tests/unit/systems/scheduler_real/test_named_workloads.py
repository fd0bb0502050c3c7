"""Workloads with a name: always the same for a seed, and valid."""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from climb.systems.scheduler.model import Workload
from climb.systems.scheduler.named import NAMED, named_workload
from climb.systems.scheduler.random_workloads import KINDS, random_workload

DIGESTS = {
    "interactive": "e363a510f605",
    "batch": "f9a60ba2a45e",
    "mixed": "ff45a7bb1e0b",
    "convoy": "72129b689aeb",
    "starvation": "ae0c3b2c542b",
    "shares": "9a3f14b3cee9",
    "control": "baca5e0cb7ce",
    "crowd": "1021aa798c6c",
}
RANDOM_DIGESTS = {
    "interactive": "ec8dc793ba6c",
    "batch": "2e7500f70b41",
    "mixed": "dceabdce56e8",
    "periodic": "b77c35c610f3",
}


def digest(workload: Workload) -> str:
    return hashlib.sha256(msgspec.json.encode(workload)).hexdigest()[:12]


@pytest.mark.parametrize("name", NAMED)
def test_another_seed_is_another_workload(name: str) -> None:
    """Seeds vary the numbers; the same seed gives the same."""
    assert named_workload(name, 1) == named_workload(name, 1)
    assert len({digest(named_workload(name, seed)) for seed in range(1, 21)}) > 5


def test_a_seed_means_the_same_everywhere() -> None:
    """A workload that somebody shares as a name and a seed must not change with the version of Python or of climb."""
    assert {name: digest(named_workload(name, 7)) for name in NAMED} == DIGESTS
    assert {kind: digest(random_workload(7, tasks=20, cpus=2, kind=kind)) for kind in KINDS} == RANDOM_DIGESTS


@pytest.mark.parametrize("name", NAMED)
def test_a_name_says_what_it_shows(name: str) -> None:
    """Whoever lists them reads a sentence, and which policies to compare."""
    assert NAMED[name].shows.endswith(".")
    assert NAMED[name].separates.endswith(".")


def test_an_unknown_name_lists_the_known_ones() -> None:
    """A slip is answered with what there is."""
    with pytest.raises(LookupError, match="no workload 'convoi'; there are interactive, batch"):
        named_workload("convoi")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tasks", [1, 2, 37])
def test_random_workloads_are_valid(kind: str, tasks: int) -> None:
    """As many tasks as asked for, with bursts that begin and end with work, and numbers in the contract's ranges."""
    workload = random_workload(3, tasks=tasks, cpus=3, kind=kind)  # type: ignore[arg-type]

    assert len({task.id for task in workload.tasks}) == tasks
    assert workload.cpus == 3
    assert all(len(task.bursts) % 2 == 1 and min(task.bursts) >= 1 for task in workload.tasks)
    assert all(-20 <= task.nice <= 19 and task.tickets >= 1 for task in workload.tasks)
    assert all((task.period is None) == (kind != "periodic") for task in workload.tasks)


def test_control_asks_for_no_more_than_there_is() -> None:
    """The loops fit on the processor, so that edf meets every deadline; but not under the bound for fixed priorities."""
    for seed in range(1, 50):
        tasks = named_workload("control", seed).tasks

        load = sum(task.bursts[0] / task.period for task in tasks if task.period)

        assert 3 * (2 ** (1 / 3) - 1) < load <= 1
