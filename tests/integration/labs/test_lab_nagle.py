"""The lab on Nagle's algorithm, run for real: two small writes meet the delayed acknowledgement, one write does not."""

import asyncio
from pathlib import Path

import pytest

from climb.labs import running
from climb.labs.lab import find
from climb.labs.result import Result
from climb.labs.statistics import median

DEFAULT = "several writes, TCP as it is"
NODELAY = "several writes, TCP_NODELAY"
QUICK = "several writes, acknowledged at once"
ONE = "one write, TCP as it is"
NEW = "new connection, TCP as it is"


def run(home: Path, **knobs: str) -> Result:
    lab = find("nagle")
    begun = running.begin(home, lab, lab.settings(knobs), None)
    result = asyncio.run(running.run(home, lab, begun, lambda _progress: None))
    assert result.failed is None, result.failed
    return result


@pytest.fixture(scope="module")
def small_writes(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return run(tmp_path_factory.mktemp("home"))


def test_every_way_is_measured_as_often(small_writes: Result) -> None:
    """Each of the four ways has thirty measurements, all of them positive."""
    measured = [small_writes.values(series) for series in (DEFAULT, NODELAY, QUICK, ONE)]

    assert [len(values) for values in measured] == [30] * 4
    assert all(value > 0 for values in measured for value in values)


def test_new_connections_are_measured_by_exchange(small_writes: Result) -> None:
    """The first six exchanges of ten new connections are kept apart."""
    assert {at: len(values) for at, values in small_writes.series(NEW).items()} == dict.fromkeys(range(1, 7), 10)


def test_small_writes_wait_with_nagle_alone(small_writes: Result) -> None:
    """TCP as it is takes longer than TCP_NODELAY, than one write, and than a server that acknowledges at once."""
    waiting = median(small_writes.values(DEFAULT))

    assert all(waiting > median(small_writes.values(other)) for other in (NODELAY, QUICK, ONE))


def test_the_first_exchange_does_not_wait(small_writes: Result) -> None:
    """A new connection is acknowledged at once, so its first exchange takes less than its sixth."""
    assert median(small_writes.values(NEW, 1)) < median(small_writes.values(NEW, 6))


def test_the_explanation_answers_with_the_default(small_writes: Result) -> None:
    """The answer is the median of the exchanges with TCP as it is, and the explanation tells of the wait."""
    explanation = find("nagle").explanation(small_writes)

    assert explanation.answer.value == median(small_writes.values(DEFAULT))
    assert "each side waited for the other" in explanation.headline


def test_full_segments_do_not_wait(small_writes: Result, tmp_path: Path) -> None:
    """Writes that are larger than a segment take less time than the small ones that have to wait."""
    large = run(tmp_path, size="70000")

    assert median(large.values(DEFAULT)) < median(small_writes.values(DEFAULT))
    assert "larger than a segment" in find("nagle").explanation(large).text
