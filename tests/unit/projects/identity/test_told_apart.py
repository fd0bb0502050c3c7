"""Whether answers, and their times, can be told apart."""

from __future__ import annotations

import random

from climb.projects.identity.rules.told_apart import Seen, compared, told_apart


def seen(status: int = 202, body: bytes = b"{}", **fields: str) -> Seen:
    return Seen(status, tuple(fields.items()), body)


def test_alike_is_alike() -> None:
    """The date and the request's name are each answer's own."""
    one = [Seen(202, (("date", "1"), ("x-request-id", "a")), b"")]
    other = [Seen(202, (("date", "2"), ("x-request-id", "b")), b"")]

    assert told_apart({"one": one, "other": other}) is None


def test_a_field_that_always_changes_tells_nothing() -> None:
    """Not even if the values happen to differ between the cases too."""
    answers = {"one": [seen(age="1"), seen(age="2")], "other": [seen(age="3"), seen(age="4")]}

    assert told_apart(answers) is None


def test_each_difference_is_named() -> None:
    """Status, body, a field's value, and a field that is only here."""
    one = [seen(a="1"), seen(a="1")]

    def what(*other: Seen) -> str | None:
        found = told_apart({"one": one, "other": other})
        return found and found.what

    assert what(seen(409, a="1")) == "the status"
    assert what(seen(202, b"taken", a="1")) == "the body"
    assert what(seen(a="2"), seen(a="2")) == "the field a"
    assert what(seen(a="1", b="1"), seen(a="1", b="2")) is None
    assert what(seen(a="1", b="1"), seen(a="1", b="1")) == "the field b"


def times(ratio: float, noise: float, seed: int = 1) -> list[tuple[float, float]]:
    rng = random.Random(seed)
    return [(0.05 * ratio * rng.lognormvariate(0, noise), 0.05 * rng.lognormvariate(0, noise)) for _ in range(19)]


def test_times_that_differ_are_told() -> None:
    """In both directions, on a quiet machine and on a busy one."""
    assert all(compared(times(ratio, 0.1, seed)).different for ratio in (2, 10, 0.5) for seed in range(20))


def test_times_that_are_alike_are_never_blamed() -> None:
    """However noisy they are: then it is unclear, which is no blame."""
    found = [compared(times(1.0, noise, seed)).different for noise in (0.02, 0.1, 0.5, 1.0) for seed in range(100)]

    assert True not in found
    assert found[:200] == [False] * 200


def test_the_ratio_is_that_of_the_pairs() -> None:
    """A minute that is ten times as slow for both changes nothing."""
    pairs = [(0.2 * slow, 0.1 * slow) for slow in (1, 10) * 10]

    assert round(compared(pairs).ratio, 6) == 2
