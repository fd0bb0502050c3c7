"""The three controllers, on a clock made of numbers."""

from __future__ import annotations

import pytest

from climb.systems.scanner.syn.pacing import Bucket, Patience, Window


def spend(rate: float, until_s: float, step_s: float) -> list[float]:
    """Return the moments at which a greedy sender got its tokens."""
    bucket, moments = Bucket(rate, 0.0), []
    for tick in range(int(until_s / step_s)):
        moments += [tick * step_s] * bucket.take(10**6, tick * step_s)
    return moments


@pytest.mark.parametrize("rate", [1, 7, 150, 200, 1000, 12345])
def test_no_second_has_more_than_the_rate(rate: float) -> None:
    """Whichever second of the schedule is looked at, it holds at most ``rate`` probes."""
    moments = spend(rate, 4.0, 0.0005)

    busiest = max(sum(1 for other in moments if start <= other < start + 1) for start in sorted(set(moments))[::50])
    assert busiest <= rate


@pytest.mark.parametrize("rate", [1, 7, 150, 200, 1000, 12345])
def test_the_rate_is_nearly_used(rate: float) -> None:
    """What the limit allows is sent, but for a few percent that keep every second true and that the clock rounds away."""
    assert len(spend(rate, 4.0, 0.0005)) >= 0.94 * rate * 4 - 1


def test_a_pause_is_not_made_up_for() -> None:
    """After a long silence no more than a hundredth of a second's worth leaves at once."""
    bucket = Bucket(1000, 0.0)

    assert bucket.take(10**6, 60.0) == 10


def test_the_delay_ends_with_a_token() -> None:
    """Whoever waits as long as told gets one."""
    bucket = Bucket(5, 0.0)
    bucket.take(1, 0.0)
    now = bucket.delay()

    assert bucket.take(1, now - 0.001) == 0
    assert bucket.take(1, now + 1e-9) == 1


def test_patience_starts_with_a_second() -> None:
    """Before any answer the first timeout is that of RFC 6298, unless the user allows less."""
    assert Patience(5.0).wait_s(0) == 1.0
    assert Patience(0.3).wait_s(0) == 0.3


def test_patience_follows_the_round_trips() -> None:
    """A first sample R gives R + 4 * R/2; more of the same narrow it down."""
    patience = Patience(10.0)
    patience.learn(0.2)
    first = patience.wait_s(0)
    for _ in range(50):
        patience.learn(0.2)

    assert first == pytest.approx(0.6)
    assert patience.wait_s(0) == pytest.approx(0.2, rel=0.01)


def test_patience_has_limits() -> None:
    """A fast network is still given a tenth of a second; each attempt doubles, up to the timeout."""
    patience = Patience(0.3)
    patience.learn(0.0001)

    assert [patience.wait_s(attempt) for attempt in range(3)] == [0.1, 0.2, 0.3]


def test_the_window_counts_what_is_on_its_way() -> None:
    """Probes take room, answers give it back."""
    window = Window(1000, 0.0)
    window.count(sent=700, answered=0)
    before = window.room()
    window.count(sent=0, answered=500)

    assert (before, window.room()) == (300, 800)


def test_silence_alone_does_not_shrink_the_window() -> None:
    """A firewall that never answers is no sign of loss."""
    window = Window(1000, 0.0)
    for epoch in range(1, 6):
        window.count(sent=100, answered=0)
        window.tick(epoch * 1.0, 1.0)

    assert window.size == 1000


def sizes(*answered: int) -> list[int]:
    """Return the window after each epoch in which 100 probes were sent and so many answers came."""
    window, seen = Window(1000, 0.0), []
    for epoch, count in enumerate(answered, 1):
        window.count(sent=100, answered=count)
        window.tick(epoch * 1.0, 1.0)
        seen.append(window.size)
    return seen


def test_the_window_stays_small_if_that_helps() -> None:
    """When fewer answers come the window is halved, and again, as long as each halving brings more of them."""
    assert sizes(100, 10, 20, 20, 40) == [1000, 500, 500, 250, 250]


def test_the_window_returns_if_halving_does_not_help() -> None:
    """Silence that does not depend on our speed, such as a firewall's, costs one slow epoch."""
    assert sizes(100, 0, 0, 0, 0) == [1000, 500, 1000, 1000, 1000]


def test_answers_to_retries_mean_loss() -> None:
    """Who answers the second time was there the first time."""
    window = Window(1000, 0.0)
    window.retried(asked=100, answered=50)

    assert window.size == 500


def test_unanswered_probes_are_forgotten_after_two_epochs() -> None:
    """The window never closes for good on a silent network."""
    window = Window(100, 0.0)
    window.count(sent=100, answered=0)
    full = window.room()
    window.tick(1.0, 1.0)
    window.tick(2.0, 1.0)

    assert (full, window.room()) == (0, 100)
