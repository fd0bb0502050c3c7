"""Kills at drawn moments."""

from climb.judge.audit import drawn_kills
from climb.judge.choices import Choices
from climb.judge.faults import Place


def test_kills_are_drawn_and_can_be_drawn_again() -> None:
    """The same seed gives the same kills, in bounds."""
    places = [Place(), Place(who="database")]
    kills = drawn_kills(Choices("41c2"), places, at_least=2, at_most=4, acknowledged=30)

    again = drawn_kills(Choices("41c2"), places, at_least=2, at_most=4, acknowledged=30)

    assert 2 <= len(kills) <= 4
    assert kills == again
    assert all(1 <= kill.acknowledged <= 30 for kill in kills)


def test_each_place_is_killed_before_one_is_killed_again() -> None:
    """Two kills of two places are one of each, whatever is drawn."""
    places = [Place(), Place(who="database")]

    kills = [drawn_kills(Choices(str(seed)), places, at_least=2, at_most=3) for seed in range(20)]

    assert all({each.place.who for each in drawn[:2]} == {"program", "database"} for drawn in kills)
