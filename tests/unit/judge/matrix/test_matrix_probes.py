"""What the answer of a probe means at its moment."""

from collections.abc import Sequence

import pytest

from climb.judge.drivers.http1 import Answer
from climb.judge.matrix import Cell, Demand, Matrix, Phases, Probe, Trouble
from climb.judge.matrix.probes import violation
from climb.judge.matrix.results import Row
from climb.judge.matrix.trying import _wrong

PHASES = Phases(begins=10.0, there=10.5, heals=14.0, healed=14.5)
SLACK_S = 0.25


async def nothing() -> Answer:
    raise AssertionError("nothing is asked here")


def demand(**changes: object) -> Demand:
    """503 while it lasts, 200 otherwise, always within 3 s."""
    return Demand(name="GET /x", request=nothing, bound_s=3.0, during={503}, **changes)  # type: ignore[arg-type]


def probe(status: int, asked: float, seconds: float = 0.1, *, retry: str | None = "1", of: Demand | None = None, late_s: float = 0.0) -> Probe:  # fmt: skip
    """An answer with this status; 0: none."""
    fields = (("retry-after", retry),) if retry is not None else ()
    answer = Answer(
        about="GET /x", method="GET", version="1.1", status=status, reason="", fields=fields, trailers=(), body=b"",
        body_bytes=0, framing="length", asked_at=asked, began_at=asked, ended_at=asked + seconds,
    )  # fmt: skip
    return Probe(
        demand=of or demand(),
        asked_at=asked,
        ended_at=asked + seconds,
        answer=answer if status else None,
        late_s=late_s,
    )


def wrong(each: Probe) -> str | None:
    """What is expected instead, if something is wrong."""
    found = violation(each, PHASES, slack_s=SLACK_S)
    return found.expected if found else None


@pytest.mark.parametrize(("status", "asked", "expected"), [
    (200, 9.0, None),
    (503, 9.0, "status 200 while nothing is wrong"),
    (200, 9.95, None),
    (503, 9.95, None),
    (200, 10.2, None),
    (503, 12.0, None),
    (200, 12.0, "status 503 meanwhile"),
    (200, 13.95, None),
    (503, 14.6, None),
    (500, 14.6, "status 200 or 503 within 5 s after the healing"),
    (503, 19.7, None),
    (503, 19.8, "status 200 from 5 s after the healing on"),
    (0, 12.0, "status 503 meanwhile"),
])  # fmt: skip
def test_statuses_and_moments(status: int, asked: float, expected: str | None) -> None:
    """Before it begins all is well; while it begins and heals either will do; within the time to recover, too."""
    assert wrong(probe(status, asked)) == expected


def test_an_answer_that_was_not_waited_for() -> None:
    """No answer far beyond the bound is one that takes too long."""
    assert wrong(probe(0, 11.0, 8.0)) == "an answer within 3 s (0.25 s more on this machine)"


def test_what_is_over_by_little_on_a_busy_machine_is_doubtful() -> None:
    """A slow answer is doubtful if the judge was late by half of what is over; a wrong status never is."""
    slow = violation(probe(503, 11.0, 3.75), PHASES, slack_s=SLACK_S)
    bad = violation(probe(500, 11.0), PHASES, slack_s=SLACK_S)

    assert slow is not None
    assert bad is not None
    assert (slow.over_s, slow.since) == (pytest.approx(0.5), 11.0)
    assert [slow.is_doubtful(late_s) for late_s in (0.05, 0.2, 0.3)] == [False, False, True]
    assert not bad.is_doubtful(9.0)


def test_what_need_not_be_noticed_at_once() -> None:
    """Within the time to notice the usual answer will do."""
    slow_to_notice = demand(notice_s=2.0)

    assert wrong(probe(200, 12.4, of=slow_to_notice)) is None
    assert wrong(probe(200, 12.6, of=slow_to_notice)) == "status 503 meanwhile"


def test_an_answer_that_takes_too_long() -> None:
    """The bound holds at all times, with what this machine adds, and with what the judge was late."""
    assert wrong(probe(503, 11.0, 3.2)) is None
    assert wrong(probe(503, 11.0, 3.3)) == "an answer within 3 s (0.25 s more on this machine)"
    assert wrong(probe(503, 11.0, 3.3, late_s=0.1)) is None


@pytest.mark.parametrize(("said", "good"), [("0", True), ("12", True), ("Fri, 31 Dec 1999 23:59:59 GMT", True), (None, False), ("soon", False), ("-1", False), ("1.5", False)])  # fmt: skip
def test_retry_after(said: str | None, good: bool) -> None:
    """A 503 says when to come again, in seconds or as a date (RFC 9110, 10.2.3)."""
    assert (wrong(probe(503, 12.0, retry=said)) is None) is good
    assert wrong(probe(503, 12.0, retry=said, of=demand(retry_after=False))) is None


def row(name: str, probes: Sequence[Probe], of: Demand) -> Row:
    """A trouble of this name with one kind of request."""
    return Row(Trouble(faults=(), demands=(of,), name=name), PHASES, (Cell(of, PHASES, tuple(probes)),))


def test_a_cell_tells_statuses_the_worst_time_and_the_recovery() -> None:
    """Counted is what was asked while it was there; well again is from the first good answer that no bad one follows."""
    answers = [probe(200, 9.0), probe(503, 11.0, 2.0), probe(503, 14.6), probe(200, 14.8), probe(503, 15.0), probe(200, 15.2)]  # fmt: skip
    cell = Cell(demand(), PHASES, tuple(answers))

    assert (dict(cell.statuses), cell.worst_s) == ({503: 1}, 2.0)
    assert cell.recovered_s == pytest.approx(15.3 - 14.5)
    assert str(cell) == "503, 2.00 s, back 0.8 s"


def test_a_service_that_does_not_come_back() -> None:
    """Without a good answer at the end there is no time to recover."""
    cell = Cell(demand(), PHASES, (probe(200, 14.6), probe(503, 15.0)))

    assert cell.recovered_s is None


def test_the_table_points_at_the_cell() -> None:
    """Each trouble is a row, each request a column; the row is marked and the cell has an arrow."""
    one, bad = demand(), probe(500, 12.0)
    matrix = Matrix([row("database: gone", [probe(503, 12.0, of=one)], one), row("cache: gone", [bad], bad.demand)])

    table = matrix.table(pointed=bad)

    assert table.columns == ("what is wrong", "GET /x")
    assert table.rows == (
        ("database: gone", "503, 0.10 s, not back"),
        ("cache: gone", "→ 500, 0.10 s, not back"),
    )
    assert table.mark == 1


def test_what_is_told_first_is_what_was_asked_while_it_was_there() -> None:
    """Of all that is wrong the clearest comes first, by kind; a few milliseconds more or less at the beginning change nothing."""
    one, other = demand(), demand()
    early, late, second = probe(500, 10.2, of=other), probe(500, 12.0, of=one), probe(500, 11.0, of=other)
    cells = (Cell(one, PHASES, (probe(500, 14.6, of=one), late)), Cell(other, PHASES, (early, second)))

    found = _wrong(Row(Trouble(faults=(), demands=(one, other)), PHASES, cells), SLACK_S)

    assert [each.probe for each in found][:2] == [late, second]
    assert {each.probe for each in found[2:]} == {early, cells[0].probes[0]}
