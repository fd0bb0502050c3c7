"""Rate and concurrency."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from climb.systems.scanner.limits import Slots, TokenBucket


@given(
    rate=st.integers(1, 5000),
    pauses=st.lists(st.sampled_from([0.0, 1e-4, 0.001, 0.0123, 0.3, 2.0]), min_size=1, max_size=30),
)
def test_in_no_second_more_than_the_rate_starts(rate: int, pauses: list[float]) -> None:
    """However long the scan was busy elsewhere in between, any window of one second holds at most the rate."""
    bucket = TokenBucket(rate, now=0.0)
    now = 0.0
    starts = []
    for pause in pauses:
        now += pause
        while bucket.take(now):
            starts.append(now)

    assert all(sum(1 for start in starts if first <= start < first + 1) <= rate for first in starts)


@pytest.mark.parametrize("rate", [1, 10, 250, 10_000])
def test_the_rate_is_reached(rate: int) -> None:
    """Asked often enough, the bucket gives nearly all that it may."""
    bucket = TokenBucket(rate, now=0.0)

    given = sum(bucket.take(step / 20_000) for step in range(200_000))

    assert 0.97 * rate * 10 <= given <= rate * 10 + 1


def test_the_wait_ends_when_a_token_is_there() -> None:
    """Sleeping for as long as told is enough, and no shorter sleep is."""
    bucket = TokenBucket(10, now=0.0)
    assert bucket.take(0.0)
    wait_s = bucket.wait_s(0.0)

    assert not bucket.take(wait_s - 0.001)
    assert bucket.take(wait_s + 1e-9)


def test_a_clock_that_stands_still_gives_no_tokens() -> None:
    """The burst is all there is at one moment."""
    bucket = TokenBucket(1000, now=5.0)

    assert sum(bucket.take(5.0) for _ in range(100)) == 10


def test_slots_are_what_the_user_allows() -> None:
    """The limit is reached and not passed."""
    slots = Slots(2)
    assert slots.free(0.0)
    slots.used = 2

    assert not slots.free(0.0)


def test_after_a_shortage_the_scan_goes_on_with_fewer() -> None:
    """A slot that is given back may be used, an additional one may not."""
    slots = Slots(10)
    slots.used = 4
    slots.shortage(now=0.0)

    assert not slots.free(0.1)
    slots.used = 3
    assert slots.free(0.1)


def test_a_shortage_is_forgotten_after_a_while() -> None:
    """Other programs may have given something back."""
    slots = Slots(10)
    slots.used = 4
    slots.shortage(now=0.0)

    assert slots.wait_s(0.0) == Slots.PATIENCE_S
    assert slots.free(Slots.PATIENCE_S)
    assert slots.wait_s(Slots.PATIENCE_S) is None


def test_a_shortage_with_nothing_open_is_looked_at_again_soon() -> None:
    """There is nothing of ours to wait for."""
    slots = Slots(10)
    slots.shortage(now=0.0)

    assert not slots.free(0.0)
    assert slots.free(0.06)
