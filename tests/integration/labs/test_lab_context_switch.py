"""The lab on context switches, run for real with little memory: the kernel counts the switches that it times.

The shortest times are compared, because a busy machine can only lengthen them.
"""

import asyncio
import os

import pytest

from climb.labs import running
from climb.labs.lab import find
from climb.labs.result import Result
from climb.labs.statistics import median

ALONE = "to itself, no switch"
PROCESSES = "to another process, same processor"
THREADS = "to another thread, same processor"
APART = "to another process, another processor"
KEPT = "walk through memory, nobody between"
TAKEN = "walk through memory, after the other’s turn"
COUNTED = "switches in a turn: {}"


@pytest.fixture(scope="module", params=["pipe", "eventfd", "socket"])
def result(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Result:
    lab, home = find("context-switch"), tmp_path_factory.mktemp("home")
    begun = running.begin(home, lab, lab.settings({"memory": "64", "channel": request.param}), None)
    result = asyncio.run(running.run(home, lab, begun, lambda _progress: None))
    assert result.failed is None, result.failed
    return result


def test_every_hand_over_is_measured(result: Result) -> None:
    """To itself, to a process and to a thread, forty times each; to another processor where there is one."""
    apart = {APART} if len(os.sched_getaffinity(0)) > 1 else set()
    turns = {sample.series: sample.values for sample in result.samples if sample.at is None}

    assert set(turns) == {ALONE, PROCESSES, THREADS} | apart
    assert all(len(values) == 40 and min(values) > 0 for values in turns.values())


def test_the_kernel_counts_what_is_measured(result: Result) -> None:
    """With a partner the process leaves the processor in nearly every turn, without one it need not."""
    for series in (PROCESSES, THREADS):
        assert result.number(COUNTED.format(series)) > 0.9
    assert result.number(COUNTED.format(ALONE)) < 0.5


def test_a_switch_takes_time(result: Result) -> None:
    """Handing over to another process takes longer than handing over to oneself."""
    assert min(result.values(PROCESSES)) > min(result.values(ALONE))


def test_every_size_is_walked_in_both_ways(result: Result) -> None:
    """Each size up to the knob's has twenty walks of either kind."""
    for series in (KEPT, TAKEN):
        walks = result.series(series)

        assert list(walks) == [4, 16, 64]
        assert all(len(values) == 20 and min(values) > 0 for values in walks.values())


def test_a_longer_walk_takes_longer(result: Result) -> None:
    """Sixteen times as many lines take more time."""
    assert min(result.values(KEPT, 64)) > min(result.values(KEPT, 4))


def test_the_explanation_answers_with_the_difference(result: Result) -> None:
    """The answer is the median of what a turn with another process took more, round by round."""
    more = [one - other for one, other in zip(result.values(PROCESSES), result.values(ALONE), strict=True)]

    assert find("context-switch").explanation(result).answer.value == median(more)
