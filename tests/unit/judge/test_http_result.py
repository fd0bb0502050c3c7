"""What a load over HTTP came to: sums over requests, plots over time and by percentile, and when the judge doubts itself."""

import msgspec
import pytest

from climb.judge.load import HttpLoaded, HttpPlan, HttpRequest
from climb.judge.load.histogram import Histogram, Recorder
from climb.judge.load.http_plan import HttpEnded, HttpKind, HttpSlice, SlowAnswer
from climb.judge.load.http_result import loaded
from climb.judge.load.process import Progress
from climb.sequence.model import Shade

MS = 1_000_000
PLAN = HttpPlan(
    requests=(HttpRequest(data=b"a", name="a"), HttpRequest(data=b"b", name="b")),
    seconds=2,
    rate_per_s=100,
    slice_s=0.5,
)


def recorded(*values_ms: float, digits: int = 3) -> Histogram:
    recorder = Recorder(digits)
    for value in values_ms:
        recorder.record(round(value * MS))
    return recorder.histogram()


def result(plan: HttpPlan = PLAN, **changes: object) -> HttpLoaded:
    ended = HttpEnded(
        started=1001.0,
        ended=1003.0,
        idle_s=1.0,
        cpu_s=0.1,
        kept_waiting_s=0.1,
        sent=200,
        unanswered=0,
        unsent=0,
        errors={"reset": 2, "cut": 1},
        connects_failed={},
        connects=4,
        lateness=recorded(*[0.05] * 200),
        kinds=(
            HttpKind(by_status={200: 90, 503: 7}, latencies=recorded(*[1.0] * 97)),
            HttpKind(by_status={200: 100}, latencies=recorded(*[20.0] * 100)),
        ),
        slices=(
            HttpSlice(number=0, latencies=recorded(*[1.0] * 99, 50.0, digits=2)),
            HttpSlice(number=3, latencies=recorded(2.0, digits=2)),
        ),
        slowest=(SlowAnswer(at=1001.5, latency_ms=20.0, request=1, status=200),),
    )
    return loaded(plan, msgspec.structs.replace(ended, **changes), [Progress(1.5, 10, 9)], opened_at=1000.0)


def test_sums_are_over_all_requests() -> None:
    """Answers by status, failures by all reasons, one histogram."""
    found = result()

    assert found.by_status == {200: 190, 503: 7}
    assert (found.answered, found.failed) == (197, 3)
    assert found.answers_per_s == pytest.approx(197 / 2)
    assert found.latencies.count == 197
    assert [each.name for each in found.answers] == ["a", "b"]


def test_times_count_from_the_beginning_of_the_check() -> None:
    """Of the load, its slices and its slowest answers."""
    found = result()

    assert (found.started, found.ended) == (1.0, 3.0)
    assert [each.at for each in found.slices] == [1.0, 2.5]
    assert found.slowest[0].at == 1.5


def test_over_time_it_is_three_lines() -> None:
    """A point in the middle of each slice that had requests; what was wrong meanwhile is shaded."""
    series = result().over_time("latency", [Shade(1.2, 1.4, "stall")])
    lines = {line.label: line.points for line in series.lines}

    assert [at for at, _ in lines["median"]] == [1.25, 2.75]
    assert [value for _, value in lines["largest"]] == [50.0, 2.0]
    assert lines["median"][0][1] == pytest.approx(1.0, rel=0.01)
    assert series.spans[0].label == "stall"


def test_the_slowest_are_told_by_name() -> None:
    """With their status, or that none had come."""
    slow = (
        SlowAnswer(at=1001.25, latency_ms=812.5, request=0, status=0),
        SlowAnswer(at=1002.0, latency_ms=20.0, request=1, status=200),
    )
    table = result(slowest=slow).slow_answers()

    assert table.rows == (("1.250", "812", "a", "none by the end"), ("2.000", "20", "b", "200"))


def test_its_curve_ends_with_the_largest() -> None:
    """Of all requests together."""
    curve = result().curve("alone")

    assert curve.label == "alone"
    assert curve.points[-1][1] == 20.0


def test_a_punctual_judge_has_no_doubt() -> None:
    """A twentieth of a millisecond late is nothing beside 20."""
    assert result().doubt == ""


def test_lateness_that_makes_the_latencies_is_doubted() -> None:
    """The same lateness beside latencies that are ten times as long is not."""
    late = recorded(*[0.05] * 190, *[5.0] * 10)
    short = (HttpKind(by_status={200: 200}, latencies=recorded(*[6.0] * 200)),) * 2
    long = (HttpKind(by_status={200: 200}, latencies=recorded(*[60.0] * 200)),) * 2

    assert "5.0 ms late" in result(lateness=late, kinds=short).doubt
    assert result(lateness=late, kinds=long).doubt == ""


def test_a_judge_without_a_pause_is_doubted_at_a_rate() -> None:
    """Running or kept from it all the time, it is behind; as fast as answers come it may well be the slower of the two."""
    assert "waited for one for 1.5 s" in result(cpu_s=0.4, kept_waiting_s=1.5).doubt
    assert result(msgspec.structs.replace(PLAN, rate_per_s=None), cpu_s=0.4, kept_waiting_s=1.5).doubt == ""
