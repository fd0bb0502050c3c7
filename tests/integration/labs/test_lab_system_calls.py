"""The lab on system calls, run for real: crossing costs something, and fewer crossings cost less."""

import asyncio
from pathlib import Path

import pytest

from climb.labs import running
from climb.labs.lab import find
from climb.labs.result import Result
from climb.labs.statistics import median

DIRECT, BUFFERED = "one system call a piece", "collected in a buffer"
PIECES = [1, 8, 64, 512, 4096, 16_384, 65_536]


def run(home: Path, **knobs: str) -> Result:
    lab = find("system-calls")
    begun = running.begin(home, lab, lab.settings(knobs), None)
    result = asyncio.run(running.run(home, lab, begun, lambda _progress: None))
    assert result.failed is None, result.failed
    return result


@pytest.fixture(scope="module", params=["pipe", "null", "file"])
def result(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Result:
    return run(tmp_path_factory.mktemp("home"), target=request.param, buffer="65536")


def test_every_size_of_piece_is_written_in_both_ways(result: Result) -> None:
    """Both lines have all sizes, thirty measurements each, all of them positive."""
    for name in (DIRECT, BUFFERED):
        series = result.series(name)

        assert list(series) == PIECES
        assert all(len(values) == 30 and min(values) > 0 for values in series.values())


def test_the_kernel_is_farther_than_user_space(result: Result) -> None:
    """The call into the kernel takes longer than one of the same shape that stays in user space."""
    kernel, user = result.values("call into the kernel"), result.values("call that stays in user space")

    assert median(kernel) > median(user)


def test_smaller_pieces_take_longer(result: Result) -> None:
    """Sixty-four times as many calls for the same bytes take longer, down to one byte a call."""
    one, small, medium = (median(result.values(DIRECT, size)) for size in (1, 64, 4096))

    assert one > small > medium


def test_a_buffer_saves_time_for_small_pieces(result: Result) -> None:
    """Collected into one call for 64 KiB, pieces of 64 bytes take less time."""
    assert median(result.values(BUFFERED, 64)) < median(result.values(DIRECT, 64))


def test_the_explanation_answers_with_both_sizes(result: Result) -> None:
    """The answer is the ratio of the medians of 64-byte and 64-KiB pieces."""
    answer = find("system-calls").explanation(result).answer

    assert answer.value == median(result.values(DIRECT, 64)) / median(result.values(DIRECT, 65_536))
