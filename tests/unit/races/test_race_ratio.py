"""The ratio of two sides that ran in pairs."""

import math
import random

import pytest
from hypothesis import given, strategies as st

from climb.labs.statistics import Estimate
from climb.races.ratio import claim, is_narrow, paired_ratio, reach

VALUES = st.floats(1e-3, 1e6)
PAIRS = st.lists(st.tuples(VALUES, VALUES), min_size=2, max_size=40)


def ratio(pairs: list[tuple[float, float]], better: str = "higher") -> Estimate:
    found = paired_ratio([one for one, _ in pairs], [other for _, other in pairs], better)  # type: ignore[arg-type]  # one of the two words
    assert found is not None
    return found


@given(PAIRS)
def test_the_value_lies_within_the_interval(pairs: list[tuple[float, float]]) -> None:
    """Low, value, high, in this order, all above 0."""
    found = ratio(pairs)

    assert 0 <= found.low <= found.value * (1 + 1e-9)
    assert found.value <= found.high * (1 + 1e-9)


@given(PAIRS)
def test_sides_exchanged_give_the_inverse(pairs: list[tuple[float, float]]) -> None:
    """Who is 2 times as good as the other is 0.5 times as good seen from there."""
    one, other = ratio(pairs), ratio([(theirs, mine) for mine, theirs in pairs])

    assert one.value == pytest.approx(1 / other.value)
    assert one.low * other.high == pytest.approx(1) or other.high > 1e300


@given(PAIRS)
def test_where_less_is_better_the_ratio_is_turned_round(pairs: list[tuple[float, float]]) -> None:
    """Above 1 always means that yours is ahead."""
    assert ratio(pairs, "lower").value == pytest.approx(1 / ratio(pairs).value)


@given(st.lists(VALUES, min_size=2, max_size=20), st.floats(0.01, 100))
def test_what_disturbs_both_of_a_pair_alike_does_not_widen_it(moods: list[float], times: float) -> None:
    """Pairs on a machine that is now fast and now slow, with the same ratio in each, leave nothing open."""
    found = ratio([(mood * times, mood) for mood in moods])

    assert found.value == pytest.approx(times)
    assert reach(found) == pytest.approx(1)


def test_the_interval_covers_what_is_true_as_often_as_it_says() -> None:
    """Of 400 races of five pairs about 95 in 100 have the true ratio in their interval."""
    chance = random.Random(41)
    covered = 0
    for _ in range(400):
        pairs = [(2 * math.exp(chance.gauss(0, 0.1)), math.exp(chance.gauss(0, 0.1))) for _ in range(5)]
        found = ratio(pairs)
        covered += found.low <= 2 <= found.high

    assert 365 <= covered <= 394


def test_one_pair_says_nothing() -> None:
    """There is no interval of one."""
    assert paired_ratio([1.0], [2.0], "higher") is None


def test_a_few_pairs_are_never_enough_to_stop() -> None:
    """Two pairs that happen to agree don't end a race."""
    agreed = ratio([(2.0, 1.0)] * 3)

    assert not is_narrow(agreed, 3)
    assert is_narrow(agreed, 4)
    assert not is_narrow(None, 10)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Estimate(2.0, 1.8, 2.2), "yours is 2 times as good as ours"),
        (Estimate(0.25, 0.2, 0.3), "ours is 4 times as good as yours"),
        (Estimate(1.1, 0.9, 1.3), "no difference shows: 1 lies within the interval"),
    ],
)
def test_a_claim_needs_the_whole_interval(found: Estimate, said: str) -> None:
    """Only where all of the interval is on one side of 1 is one ahead."""
    assert claim(found) == said
