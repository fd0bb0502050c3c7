"""The lab on kept connections, run for real."""

import asyncio

import pytest

from climb.labs import running
from climb.labs.lab import find
from climb.labs.result import Result
from climb.labs.statistics import median


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    lab = find("keep-alive")
    home = tmp_path_factory.mktemp("home")
    begun = running.begin(home, lab, lab.settings({"row": "10", "body": "100"}), None)
    result = asyncio.run(running.run(home, lab, begun, lambda _progress: None))
    assert result.failed is None, result.failed
    return result


ROW, EACH = "in a row on one connection", "a connection for each request"
READS = "reads of the server for a request, in a row"


def test_every_way_is_measured_as_often(result: Result) -> None:
    """A connection for each, and rows of four lengths; all took some time, of both programs and of the server."""
    measured = [result.values(EACH), *result.series(ROW).values()]
    spent = result.series("server's processor time, in a row").values()

    assert tuple(result.series(ROW)) == (1, 2, 5, 10)
    assert len({len(values) for values in (*measured, *spent)}) == 1
    assert all(value > 0 for values in (*measured, *spent) for value in values)


def test_a_connection_of_its_own_takes_longer(result: Result) -> None:
    """Than the same request on one that is open."""
    assert median(result.values(EACH)) > median(result.values(ROW, 1))


def test_a_row_is_read_with_fewer_reads(result: Result) -> None:
    """One after another a request takes one read; in a row of ten less."""
    assert median(result.values(READS, 1)) == 1
    assert median(result.values(READS, 10)) < 1


def test_the_server_remembers_what_it_closed(result: Result) -> None:
    """Connections in TIME_WAIT are counted, and are no more than were closed."""
    left, closed = (result.number(f"connections {what}") for what in ("left in TIME_WAIT", "that the server closed"))

    assert 0 <= left <= closed


def test_the_explanation_speaks_of_this_run(result: Result) -> None:
    """The answer is positive and in its interval, and the headline names the row."""
    explanation = find("keep-alive").explanation(result)

    assert 0 < explanation.answer.low <= explanation.answer.value <= explanation.answer.high
    assert "in a row of 10" in explanation.headline
