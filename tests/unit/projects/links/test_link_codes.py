"""Whether random codes look random."""

from __future__ import annotations

import random
import string

import pytest

from climb.projects.links.rules.codes import RANDOM_ALPHABET, guessable


def _codes(rng: random.Random, alphabet: str = RANDOM_ALPHABET) -> list[str]:
    return ["".join(rng.choices(alphabet, k=7)) for _ in range(32)]


@pytest.mark.parametrize("alphabet", [RANDOM_ALPHABET, string.ascii_letters, string.ascii_lowercase + "23456789"])
def test_random_codes_are_not_blamed(alphabet: str) -> None:
    """Of thousands of samples from a fair source none is called guessable; leaving out some characters is fair."""
    rng = random.Random(7)

    assert [found for found in (guessable(_codes(rng, alphabet)) for _ in range(1000)) if found] == []


@pytest.mark.parametrize(
    "codes",
    [
        [f"{number:07}" for number in range(1000, 1032)],
        [f"abc{number:04}" for number in random.Random(1).sample(range(10_000), 32)],
        [f"{number:07x}" for number in random.Random(1).sample(range(16**7), 32)],
        [*_codes(random.Random(1))[:-1], _codes(random.Random(1))[0]],
        [code[:6] for code in _codes(random.Random(1))],
        [code[:6] + "-" for code in _codes(random.Random(1))],
    ],
    ids=["counted", "with a fixed beginning", "hexadecimal", "one twice", "too short", "another alphabet"],
)
def test_what_can_be_guessed_is_told(codes: list[str]) -> None:
    """Counted codes, fixed parts, few characters, repetitions and other forms are found."""
    assert guessable(codes)
