"""How many random bits a secret has at most, by samples."""

from __future__ import annotations

import random
import uuid

import pytest

from climb.projects.identity.rules.guessable import SAMPLES, bits_at_most

LEAST = 100


def samples(make: object, seed: int) -> list[str]:
    rng = random.Random(seed)
    assert callable(make)
    return [make(rng) for _ in range(SAMPLES)]


def letters(alphabet: str, count: int, before: str = "") -> object:
    return lambda rng: before + "".join(rng.choice(alphabet) for _ in range(count))


HEX = "0123456789abcdef"
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@pytest.mark.parametrize(
    "make",
    [
        letters(HEX, 32),
        letters(BASE64, 22),
        letters("abcdefghijklmnopqrstuvwxyz234567", 26),
        letters(BASE64, 43, "rt_"),
    ],
)
def test_enough_is_always_enough(make: object) -> None:
    """128 bits in any alphabet, whatever the samples."""
    assert min(bits_at_most(samples(make, seed)) for seed in range(200)) > LEAST + 15


@pytest.mark.parametrize(
    "make", [letters(HEX, 16), letters(HEX, 16, "0" * 40), letters("0123456789", 20), letters(BASE64, 12)]
)
def test_too_little_is_always_too_little(make: object) -> None:
    """Up to 72 bits, also with padding."""
    assert max(bits_at_most(samples(make, seed)) for seed in range(200)) < LEAST - 15


def test_what_repeats_has_nothing() -> None:
    """Neither the same text, nor a clock and a counter."""
    assert bits_at_most(["abc"] * SAMPLES) == 0
    assert bits_at_most([str(uuid.uuid1()) for _ in range(SAMPLES)]) < LEAST / 2
