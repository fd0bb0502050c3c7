"""The lab on priority inversion, run for real: a hog that wants no lock makes one who does wait."""

import asyncio
import os
from pathlib import Path

import psutil
import pytest

from climb.labs import running
from climb.labs.bench import Bench
from climb.labs.lab import find
from climb.labs.one_lock import Trial, real_time_refused, stage
from climb.labs.result import Result
from climb.labs.statistics import median

QUIET, BUSY = "nobody in the middle", "hogs in the middle"
INHERIT_QUIET, INHERIT = "nobody in the middle, with inheritance", "hogs in the middle, with inheritance"


def run(home: Path, **knobs: str) -> Result:
    lab = find("priority-inversion")
    begun = running.begin(home, lab, lab.settings(knobs), None)
    return asyncio.run(running.run(home, lab, begun, lambda _progress: None))


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    result = run(tmp_path_factory.mktemp("home"), difference="10")
    assert result.failed is None, result.failed
    return result


def test_every_condition_is_measured_alike(result: Result) -> None:
    """Plain and inheriting mutex, with and without hogs, by turns."""
    counts = {sample.series: len(sample.values) for sample in result.samples}

    assert set(counts) == {QUIET, BUSY, INHERIT_QUIET, INHERIT}
    assert len(set(counts.values())) == 1
    assert all(value > 0 for sample in result.samples for value in sample.values)


def test_a_hog_makes_the_high_one_wait_longer(result: Result) -> None:
    """The low one, ten steps nicer, takes longer for what it does with the lock beside a hog."""
    assert median(result.values(BUSY)) > median(result.values(QUIET))


def test_the_nice_values_are_recorded(result: Result) -> None:
    """Ten steps lie between low and high, up to the nicest."""
    base = os.getpriority(os.PRIO_PROCESS, 0)

    assert result.number("nice of the high one") == base
    assert result.number("nice of the low one") == min(base + 10, 19)


def test_the_explanation_answers_with_the_plain_mutex(result: Result) -> None:
    """The answer is the ratio of the waits with and without a hog, without inheritance."""
    answer = find("priority-inversion").explanation(result).answer

    assert answer.value == median(result.values(BUSY)) / median(result.values(QUIET))


def test_real_time_is_inherited_or_refused(tmp_path: Path) -> None:
    """Who may have real-time priorities sees the wait end with inheritance; who may not is told how to go on."""
    result = run(tmp_path, priorities="fifo")

    if real_time_refused(max(os.sched_getaffinity(0))):
        assert result.failed is not None
        assert "choose priorities=nice" in result.failed
    else:
        assert result.failed is None
        assert median(result.values(INHERIT)) < median(result.values(BUSY))


def test_real_time_is_given_back() -> None:
    """After a trial every process is an ordinary one again, and the kernel limits how long it may ever be another."""
    processor = max(os.sched_getaffinity(0))
    if real_time_refused(processor):
        pytest.skip("this user may not have real-time priorities")
    trial = Trial(inherit=False, real_time=True, hogs=1, hog_s=0.001, held_s=0.001)
    others = set(psutil.Process().children())  # such as multiprocessing's own helper, if an earlier test began it
    with stage(Bench(lambda _share, _doing: None), processor, 0, 1) as ready:
        waited = ready.run(trial)
        processes = [child.pid for child in set(psutil.Process().children()) - others]
        policies = {os.sched_getscheduler(process) for process in processes}
        limits = {psutil.Process(process).rlimit(psutil.RLIMIT_RTTIME) for process in processes}

    assert waited > 0
    assert len(processes) >= 3
    assert policies == {os.SCHED_OTHER}
    assert limits == {(300_000, 300_000)}
    assert not any(psutil.pid_exists(process) for process in processes)
