"""A circuit breaker: its states over the times that it is told."""

from climb.stack.cache.breaker import Breaker, State


def opened(**settings: float) -> Breaker:
    breaker = Breaker(**settings)
    breaker.failed(0.0)
    return breaker


def test_it_begins_closed() -> None:
    """As long as nothing is known, everybody asks."""
    assert Breaker().state(0.0) is State.CLOSED


def test_it_opens_after_as_many_failures_in_a_row_as_it_is_told() -> None:
    """A success in between begins the row anew."""
    breaker = Breaker(failures=2)
    breaker.failed(0.0)
    breaker.succeeded()
    breaker.failed(0.0)
    before = breaker.state(0.0)
    breaker.failed(0.0)

    assert before is State.CLOSED
    assert breaker.state(0.0) is State.OPEN


def test_a_trial_is_due_after_the_wait() -> None:
    """Not before."""
    breaker = opened(wait_s=0.25)

    assert breaker.state(0.24) is State.OPEN
    assert breaker.state(0.25) is State.TRIAL


def test_there_is_one_trial_at_a_time() -> None:
    """While it is under way, all others are refused."""
    breaker = opened(wait_s=0.25)
    breaker.begin_trial()

    assert breaker.state(10.0) is State.OPEN


def test_a_trial_that_succeeds_closes_it() -> None:
    """From then on everybody asks, and the next failure opens it for the first wait again."""
    breaker = opened(wait_s=0.25)
    breaker.begin_trial()
    breaker.succeeded()
    closed = breaker.state(0.3)
    breaker.failed(1.0)

    assert closed is State.CLOSED
    assert breaker.state(1.25) is State.TRIAL


def test_each_trial_that_fails_doubles_the_wait_up_to_the_longest() -> None:
    """A part that is away for long is asked ever more rarely."""
    breaker, now_s, waits = opened(wait_s=0.25, longest_s=1.0), 0.0, []
    for _ in range(4):
        began_s = now_s
        while breaker.state(now_s) is State.OPEN:
            now_s += 0.125
        waits.append(now_s - began_s)
        breaker.begin_trial()
        breaker.failed(now_s)

    assert waits == [0.25, 0.5, 1.0, 1.0]


def test_many_failures_at_one_moment_count_once() -> None:
    """Those who asked before it opened fail after it did, and that does not lengthen the wait."""
    breaker = opened(wait_s=0.25)
    for _ in range(100):
        breaker.failed(0.1)

    assert breaker.state(0.25) is State.TRIAL


def test_a_late_answer_does_not_close_it() -> None:
    """Only a trial's does: the late one was asked before the part fell silent."""
    breaker = opened()
    breaker.succeeded()

    assert breaker.state(0.0) is State.OPEN
