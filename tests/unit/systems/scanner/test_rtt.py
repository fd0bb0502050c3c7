"""The round-trip estimate of RFC 6298."""

from __future__ import annotations

import pytest

from climb.systems.scanner.rtt import ENOUGH_ANSWERS, MOST_HOSTS, RttEstimator, RttTable


def test_the_first_answer_sets_the_estimate() -> None:
    """SRTT is the answer, RTTVAR half of it, so the timeout is three times the answer (2.2)."""
    estimator = RttEstimator()
    estimator.add(0.2)

    assert (estimator.srtt, estimator.variation) == (0.2, 0.1)
    assert estimator.timeout_s(5.0) == pytest.approx(0.6)


def test_further_answers_are_weighed_in() -> None:
    """An eighth for the mean and a quarter for the variation, which is updated first (2.3)."""
    estimator = RttEstimator()
    estimator.add(0.2)
    estimator.add(0.4)

    assert estimator.variation == pytest.approx(0.75 * 0.1 + 0.25 * 0.2)
    assert estimator.srtt == pytest.approx(0.875 * 0.2 + 0.125 * 0.4)


def test_the_timeout_stays_within_bounds() -> None:
    """Not below a tenth of a second, not above what the user allows."""
    fast, slow = RttEstimator(), RttEstimator()
    fast.add(0.0001)
    slow.add(0.9)

    assert fast.timeout_s(1.0) == 0.1
    assert slow.timeout_s(1.0) == 1.0


def test_a_host_that_was_never_heard_gets_half_the_timeout() -> None:
    """Then a second connection may start, and giving up waits for the whole timeout."""
    table = RttTable()

    assert table.try_again_after_s("192.0.2.1", 1.0) == 0.5
    assert table.give_up_after_s("192.0.2.1", 1.0) == 1.0


def test_giving_up_early_needs_many_answers() -> None:
    """One fast answer is an accident, eight are a habit."""
    table = RttTable()
    for _ in range(ENOUGH_ANSWERS - 1):
        table.add("192.0.2.1", 0.01)
    assert table.give_up_after_s("192.0.2.1", 1.0) == 1.0

    table.add("192.0.2.1", 0.01)

    assert table.give_up_after_s("192.0.2.1", 1.0) == 0.1


def test_an_answer_that_may_belong_to_a_repeated_syn_teaches_nothing() -> None:
    """After a second the kernel has sent the SYN again (Karn's algorithm)."""
    table = RttTable()
    table.add("192.0.2.1", 1.01)

    assert table.try_again_after_s("192.0.2.1", 4.0) == 2.0


def test_the_table_keeps_the_latest_hosts() -> None:
    """Memory does not grow with the number of hosts."""
    table = RttTable()
    for number in range(MOST_HOSTS + 1):
        table.add(str(number), 0.01)

    assert table.try_again_after_s("0", 1.0) == 0.5
    assert table.try_again_after_s(str(MOST_HOSTS), 1.0) == 0.1
