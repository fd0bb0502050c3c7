"""Jittered expiry: what is cached together expires apart, and never later than it may."""

from random import Random

from climb.stack.cache.expiry import jittered_ms


def test_nothing_lives_longer_than_it_may() -> None:
    """The bound on staleness is the upper end, and a tenth less the lower."""
    drawn = {jittered_ms(1000, Random(seed)) for seed in range(500)}

    assert min(drawn) >= 900
    assert max(drawn) <= 1000
    assert len(drawn) > 50


def test_there_is_no_life_of_nothing() -> None:
    """A server refuses a time to live of 0."""
    assert jittered_ms(1, Random(0)) == 1
