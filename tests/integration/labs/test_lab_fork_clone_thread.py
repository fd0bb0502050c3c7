"""The lab on starting processes, run for real from small parents: what has to be copied takes longer.

The shortest of thirty times are compared, because a busy machine can only lengthen them.
"""

import asyncio
import mmap

import psutil
import pytest

from climb.labs import running
from climb.labs.lab import find
from climb.labs.result import Result
from climb.labs.starting_children import sleeping_child
from climb.labs.statistics import median

THREAD, VFORK, FORK = "a thread", "a process by vfork", "a process by fork"
SPAWN, FORK_EXEC = "a program by posix_spawn", "a program by fork and exec"
ALONE, BESIDE = "writing to a page, no child", "writing to a page that a forked child shares"


@pytest.fixture(scope="module", params=["usual", "huge"])
def result(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Result:
    lab, home = find("fork-clone-thread"), tmp_path_factory.mktemp("home")
    begun = running.begin(home, lab, lab.settings({"memory": "16", "pages": request.param}), None)
    result = asyncio.run(running.run(home, lab, begun, lambda _progress: None))
    assert result.failed is None, result.failed
    return result


def test_every_way_is_measured_from_every_parent(result: Result) -> None:
    """All five ways have thirty positive times at 1 and at 16 MiB."""
    for way in (THREAD, VFORK, FORK, SPAWN, FORK_EXEC):
        times = result.series(way)

        assert {size: len(values) for size, values in times.items()} == {1: 30, 16: 30}
        assert all(value > 0 for values in times.values() for value in values)


def test_what_copies_page_tables_takes_longer(result: Result) -> None:
    """A fork takes longer than the thread and the vfork, which copy none."""
    fork, vfork, thread = (min(result.values(way, 16)) for way in (FORK, VFORK, THREAD))

    assert fork > vfork
    assert fork > thread


def test_a_program_takes_longer_than_its_fork(result: Result) -> None:
    """Fork and exec take longer than a fork whose child ends at once."""
    assert min(result.values(FORK_EXEC, 16)) > min(result.values(FORK, 16))


def test_larger_parents_have_larger_page_tables(result: Result) -> None:
    """The kernel's count of page tables grows with the memory; of huge pages it is told where they were asked for."""
    small, large = (result.number(f"page tables of the parent with {size} MiB (KiB)") for size in (1, 16))

    assert large > small > 0
    assert ("huge pages of the parent with 16 MiB (MiB)" in result.facts) == (result.knobs["pages"] == "huge")


def test_a_shared_page_is_copied_when_it_is_written(result: Result) -> None:
    """Writing to pages that a child shares takes longer than writing to one's own."""
    assert len(result.values(ALONE)) == len(result.values(BESIDE)) == 30
    assert min(result.values(BESIDE)) > min(result.values(ALONE))


def test_the_explanation_answers_with_the_largest_parent(result: Result) -> None:
    """The answer is the ratio of fork and thread at 16 MiB."""
    answer = find("fork-clone-thread").explanation(result).answer

    assert answer.value == median(result.values(FORK, 16)) / median(result.values(THREAD, 16))


def test_a_sleeping_child_keeps_what_was_there() -> None:
    """What is written while the child lives is not undone when it ends, and the child is gone then."""
    memory = mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    before = psutil.Process().children()
    with sleeping_child():
        memory[0] = 7
        during = psutil.Process().children()

    assert memory[0] == 7
    assert len(during) == len(before) + 1
    assert psutil.Process().children() == before
