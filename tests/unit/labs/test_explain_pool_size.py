"""What the lab on pool sizes says of made-up numbers, and the arrivals that it makes."""

import pytest

from climb.labs.lab import find
from climb.labs.plot import LinePlot
from climb.labs.pool_size import arrivals, sizes_around
from climb.labs.result import Predicted, Result, Sample

SIZES = (2, 4, 8, 16)


def made(
    *,
    took: tuple[float, ...] = (800.0, 60.0, 21.0, 21.0),
    done: tuple[float, ...] = (95.0, 170.0, 200.0, 200.0),
    held: float = 21.0,
    counted: tuple[int, ...] = (4, 5, 4, 4, 4, 4),
    predicted: float | None = None,
) -> Result:
    """A finished run at 200 requests a second of 20 ms; in each pool one request in five took twice as long as the others."""
    samples = []
    facts: dict[str, float | str] = {"requests that arrived in a second": 200.0}
    for size, middle, answered in zip(SIZES, took, done, strict=True):
        samples += [
            Sample(series="time of a request", unit="ms", at=size, values=(*[middle] * 8, middle * 2, middle * 2)),
            Sample(series="connection held", unit="ms", at=size, values=(held,) * 10),
            Sample(
                series="connections at work, counted by PostgreSQL",
                unit="connections",
                at=size,
                values=tuple(min(each, size) for each in counted * 4),
            ),
        ]
        facts[f"of them answered, pool of {size}"] = answered
    return Result(
        lab="pool-size",
        id="20300101T000000",
        started_at="2030-01-01T00:00:00+00:00",
        knobs={"rate": 200, "hold": 20},
        predicted=None if predicted is None else Predicted(value=predicted),
        samples=tuple(samples),
        facts=facts,
        finished=True,
    )


def said(result: Result) -> str:
    explanation = find("pool-size").explanation(result)
    return f"{explanation.headline}\n{explanation.text}"


def test_the_answer_is_what_postgresql_counted() -> None:
    """The mean of the counts in the largest pool."""
    answer = find("pool-size").explanation(made()).answer

    assert answer.value == pytest.approx(25 / 6)
    assert answer.low <= answer.value <= answer.high


def test_the_law_is_reckoned_twice() -> None:
    """Of the knobs alone, and of the rate and the time as they were measured."""
    text = said(made())

    assert "200/s · 20 ms = 4" in text
    assert "200/s · 21 ms = 4.2" in text


def test_agreement_is_a_claim_only_inside_of_the_interval() -> None:
    """A count whose interval has the law's number in it agrees; another one differs, and the text says what may be the cause."""
    agreeing = said(made(counted=(1, 1, 1, 1, 1, 1, 8, 8, 8, 8, 8, 8)))
    differing = said(made(counted=(1, 1, 1, 1, 1, 1)))

    assert "The two agree" in agreeing
    assert "differ by more than the interval" in differing


def test_pools_that_fall_behind_are_named() -> None:
    """Those that answer less than what arrives, and could not have done it with so few connections."""
    text = said(made())

    assert "With 2 connections that is 95.2 requests a second, where 200 arrived: 95 a second" in text
    assert "Pools that fell behind here: 2 and 4." in text


def test_a_pause_of_the_machine_is_no_small_pool() -> None:
    """A pool with enough connections that answered late is not said to have fallen behind."""
    assert "Pools that fell behind here: 2 and 4." in said(made(done=(95.0, 170.0, 150.0, 200.0)))


def test_no_pool_fell_behind() -> None:
    """If all kept up, the text says so."""
    assert "No pool here fell behind" in said(made(took=(21.0,) * 4, done=(200.0,) * 4, held=8.0))


def test_the_size_from_which_on_nothing_is_gained() -> None:
    """The least pool from which on no middle is more than a tenth above that of the largest; a later slow one moves it on."""
    assert "From 8 connections on" in said(made())
    assert "In every smaller one" in said(made(took=(800.0, 60.0, 30.0, 21.0)))
    assert "In every smaller one" in said(made(took=(800.0, 21.0, 30.0, 21.0)))


def test_one_more_than_needed_still_waits() -> None:
    """A pool that keeps up while its slow requests are slower than those of the largest one shows that arrivals are uneven."""
    text = said(made(took=(800.0, 60.0, 30.0, 21.0)))

    assert "With 8 connections the pool kept up, and one request in twenty took longer than 60 ms" in text
    assert "Requests don't come evenly" not in said(made())


def test_the_prediction_stands_beside_the_law() -> None:
    """Both are marked on the plot of connections at work."""
    times, at_work = find("pool-size").explanation(made(predicted=9)).plots

    assert isinstance(times, LinePlot)
    assert times.marks == ()
    assert [mark.value for mark in at_work.marks] == [4.0, 9.0]


def test_sizes_lie_around_what_is_needed() -> None:
    """From half of it to four times as many, none of them below one."""
    assert sizes_around(4) == (2, 3, 4, 5, 6, 8, 16)
    assert sizes_around(1)[0] == 1


def test_arrivals_are_the_same_for_all_pools() -> None:
    """As many as the rate says, in order, within the time, and the same ones again."""
    moments = arrivals(200, 1.5)

    assert len(moments) == 300
    assert list(moments) == sorted(moments)
    assert 0 <= moments[0] <= moments[-1] <= 1.5
    assert arrivals(200, 1.5) == moments
