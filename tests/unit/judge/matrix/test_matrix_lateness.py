"""How late the judge was woken, and for whom that counts."""

from climb.judge.matrix.lateness import Lateness


def test_delays_count_for_what_they_overlap() -> None:
    """A delay from 2.0 to 2.5 concerns a request that was under way then, and no other."""
    lateness = Lateness()

    lateness.note(2.5, 0.5)

    assert lateness.between(2.4, 3.0) == 0.5
    assert lateness.between(1.0, 2.1) == 0.5
    assert lateness.between(2.6, 3.0) == 0.0
    assert lateness.between(1.0, 1.9) == 0.0


def test_small_delays_are_none() -> None:
    """Every sleep ends a little late."""
    lateness = Lateness()

    lateness.note(1.0, 0.001)

    assert lateness.between(0.0, 2.0) == 0.0
