"""The lab on page faults, run for real: the kernel's own count shows when memory came."""

import asyncio
from pathlib import Path

import pytest

from climb.labs import running
from climb.labs.lab import find
from climb.labs.result import Result
from climb.labs.statistics import median

STRIDES = [8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096]


def run(home: Path, **knobs: str) -> Result:
    lab = find("page-faults")
    begun = running.begin(home, lab, lab.settings(knobs), None)
    result = asyncio.run(running.run(home, lab, begun, lambda _progress: None))
    assert result.failed is None, result.failed
    return result


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return run(tmp_path_factory.mktemp("home"), size="4")


@pytest.fixture(scope="module")
def huge(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return run(tmp_path_factory.mktemp("home"), size="16", pages="huge")


def test_every_condition_is_measured_as_often(result: Result) -> None:
    """Both touches, the loop alone and every stride have twenty-five measurements, all of them positive."""
    assert list(result.series("one touch at each stride")) == STRIDES
    assert len(result.samples) == len(STRIDES) + 3
    assert all(len(sample.values) == 25 and min(sample.values) > 0 for sample in result.samples)


def test_fresh_memory_faults(result: Result) -> None:
    """The first pass causes faults, at most a few more than there are pages."""
    pages = 4 * 1024 * 1024 / result.number("bytes in a page")

    assert 1 <= result.number("page faults, first touch") <= pages + 8


def test_memory_in_place_does_not_fault(result: Result) -> None:
    """The second pass causes far fewer faults than the first."""
    assert result.number("page faults, second touch") < result.number("page faults, first touch") / 10


def test_the_first_touch_takes_longer(result: Result) -> None:
    """A touch that faults takes longer than one that does not."""
    assert median(result.values("first touch")) > median(result.values("second touch"))


def test_a_far_stride_takes_longer_than_a_near_one(result: Result) -> None:
    """A touch of every page takes longer than a touch of every eighth byte, of which eight share a line."""
    strides = result.series("one touch at each stride")

    assert median(strides[4096]) > median(strides[8])


def test_huge_pages_never_fault_more(huge: Result) -> None:
    """Asked for huge pages, the kernel causes at most as many faults as there are usual pages."""
    assert huge.number("page faults, first touch") <= 16 * 1024 * 1024 / huge.number("bytes in a page") + 8


def test_the_policy_for_huge_pages_is_kept(result: Result) -> None:
    """The result says what the kernel's setting is."""
    assert result.facts["huge pages"] in {"always", "madvise", "never", "none"}


def test_the_explanation_answers_with_both_touches(result: Result) -> None:
    """The answer is the ratio of the medians of the first and the second touch."""
    answer = find("page-faults").explanation(result).answer

    assert answer.value == median(result.values("first touch")) / median(result.values("second touch"))
