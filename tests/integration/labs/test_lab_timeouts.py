"""The lab on timeouts, run for real with little jitter: lost answers cost the whole timeout."""

import asyncio

import pytest

from climb.labs import running
from climb.labs.lab import find
from climb.labs.result import Result
from climb.labs.statistics import median


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    lab, home = find("timeouts"), tmp_path_factory.mktemp("home")
    begun = running.begin(home, lab, lab.settings({"jitter": "1", "loss": "2.5"}), None)
    done = asyncio.run(running.run(home, lab, begun, lambda _progress: None))
    assert done.failed is None, done.failed
    return done


def test_both_clients_got_the_same_answers(result: Result) -> None:
    """One answer of forty is lost in each of twelve rounds; all the others come, to both clients."""
    assert result.number("answers that came, fixed") == 12 * 39
    assert result.number("answers that came, adaptive") == 12 * 39
    assert len(result.values("answers that came")) == 12 * 39


def test_no_answer_comes_before_its_delay(result: Result) -> None:
    """Every answer takes at least the four milliseconds that the server waits."""
    assert min(result.values("answers that came")) >= 4


def test_each_round_waits_for_a_lost_answer(result: Result) -> None:
    """Both clients lose some of their time, and not all of it, in each round."""
    for name in ("fixed", "adaptive"):
        shares = result.values(f"{name} timeout: waiting for lost answers")

        assert len(shares) == 12
        assert all(0 < share < 100 for share in shares)


def test_the_adaptive_timeout_comes_near_the_answers(result: Result) -> None:
    """With answers after some 5 ms it ends far below the fixed 60 ms, so it waits less for what never comes."""
    assert median(result.values("adaptive timeout: its value")) < 60
    assert median(result.values("adaptive timeout: waiting for lost answers")) < median(
        result.values("fixed timeout: waiting for lost answers")
    )


def test_false_timeouts_are_answers_that_came(result: Result) -> None:
    """No more answers are given up too early than came at all."""
    for name in ("fixed", "adaptive"):
        assert 0 <= result.number(f"false timeouts, {name}") <= result.number(f"answers that came, {name}")


def test_the_seed_is_kept(result: Result) -> None:
    """The result says from which seed the delays were drawn."""
    assert str(result.facts["seed of the draws"]).isdecimal()


def test_the_explanation_answers_with_the_fixed_share(result: Result) -> None:
    """The answer is the median share of the rounds, with its interval around it."""
    answer = find("timeouts").explanation(result).answer

    assert answer.value == median(result.values("fixed timeout: waiting for lost answers"))
    assert answer.low <= answer.value <= answer.high
