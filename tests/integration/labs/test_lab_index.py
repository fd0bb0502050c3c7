"""The lab on indexes, run for real on a small table."""

import asyncio

import pytest

from climb.labs import running
from climb.labs.lab import find
from climb.labs.result import Result
from climb.labs.statistics import median


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    lab = find("index")
    home = tmp_path_factory.mktemp("home")
    begun = running.begin(home, lab, lab.settings({"rows": "10000", "found": "10"}), None)
    result = asyncio.run(running.run(home, lab, begun, lambda _progress: None))
    assert result.failed is None, result.failed
    return result


def test_every_condition_is_measured_as_often(result: Result) -> None:
    """Both tables in both sizes, and both kinds of writes; all took some time."""
    reads = [values for way in ("without", "with") for values in result.series(f"query {way} an index").values()]
    writes = [result.values(f"insert {way} an index") for way in ("without", "with")]

    assert len(reads) == 4
    assert len({len(values) for values in reads}) == len({len(values) for values in writes}) == 1
    assert all(value > 0 for values in (*reads, *writes) for value in values)


def test_without_an_index_all_pages_are_read(result: Result) -> None:
    """PostgreSQL's own plan says so, and with the index it looks at fewer pages."""
    without, has = (result.number(f"pages of 8 KiB {way} an index, 10000 rows") for way in ("without", "with"))

    assert result.facts["plan without an index, 10000 rows"] == "Seq Scan"
    assert result.facts["plan with an index, 10000 rows"] != "Seq Scan"
    assert has < without


def test_an_index_is_written_to_the_log(result: Result) -> None:
    """A row has more bytes of write-ahead log where there is an index."""
    without, has = (
        median(result.values(f"write-ahead log of a row {way} an index, in bytes")) for way in ("without", "with")
    )

    assert 0 < without < has


def test_the_explanation_speaks_of_this_run(result: Result) -> None:
    """The answer is positive and in its interval, and the headline names the table."""
    explanation = find("index").explanation(result)

    assert 0 < explanation.answer.low <= explanation.answer.value <= explanation.answer.high
    assert "In a table of 10,000 rows" in explanation.headline
