"""Draws: the same list gives the same input, and a smaller one a simpler input."""

import pytest
from hypothesis import given, strategies as st

from climb.judge.choices import Choices


def draw_some(choices: Choices) -> list[object]:
    return [
        choices.integer(3, 900),
        choices.choice("abcdef"),
        choices.sample(range(50), 4),
        choices.shuffled([1, 2, 3]),
        choices.flag(),
        choices.word(),
    ]


@given(st.text(max_size=20))
def test_the_same_seed_draws_the_same(seed: str) -> None:
    """Two sequences of draws from one seed are equal."""
    first, second = Choices(seed), Choices(seed)

    assert draw_some(first) == draw_some(second)
    assert first.drawn == second.drawn


def test_another_seed_draws_something_else() -> None:
    """Seeds that differ in one digit give different draws."""
    assert draw_some(Choices("41c2")) != draw_some(Choices("41c3"))


@given(st.text(max_size=20))
def test_recorded_draws_give_the_same_input_again(seed: str) -> None:
    """The list drawn from a seed, forced on another seed, draws the same values."""
    first = Choices(seed)
    drawn = draw_some(first)
    again = Choices("other", forced=first.drawn)

    assert draw_some(again) == drawn
    assert again.drawn == first.drawn


def test_past_the_end_of_the_list_every_draw_is_the_simplest() -> None:
    """After the forced draws come the low end, the first option, the given order, false."""
    choices = Choices("41c2", forced=[5])

    assert choices.integer(10, 20) == 15
    assert choices.integer(10, 20) == 10
    assert choices.choice("xyz") == "x"
    assert choices.shuffled([3, 1, 2]) == [3, 1, 2]
    assert choices.flag() is False
    assert choices.word(4, 10) == "aaaa"


def test_a_forced_draw_beyond_its_bound_becomes_the_largest_possible() -> None:
    """A draw that no longer fits is clamped, and recorded as it was used."""
    choices = Choices("41c2", forced=[1000])

    assert choices.integer(1, 6) == 6
    assert choices.drawn == [5]


@given(st.lists(st.integers(0, 10_000)), st.lists(st.integers(1, 10_000), max_size=20))
def test_every_draw_keeps_its_bound(forced: list[int], bounds: list[int]) -> None:
    """Whatever is forced, a draw is from 0 up to and without its bound."""
    choices = Choices("41c2", forced=forced)

    assert all(0 <= choices.below(bound) < bound for bound in bounds)


def test_both_ends_of_an_interval_are_drawn() -> None:
    """integer() reaches its low and its high end."""
    choices = Choices("41c2")

    assert {choices.integer(1, 3) for _ in range(100)} == {1, 2, 3}


def test_a_sample_has_different_members() -> None:
    """sample() takes each member once, all of them if asked for all."""
    assert sorted(Choices("41c2").sample(range(30), 30)) == list(range(30))


def test_a_word_has_the_length_asked_for() -> None:
    """Words have as many lower-case letters as allowed."""
    words = [Choices(str(seed)).word(2, 4) for seed in range(50)]

    assert {len(word) for word in words} == {2, 3, 4}
    assert all(word.isascii() and word.islower() for word in words)


def test_nothing_can_be_drawn_from_nothing() -> None:
    """An empty bound is the author's mistake and says so."""
    with pytest.raises(ValueError, match="bound 0"):
        Choices("41c2").below(0)


@given(seed=st.text(max_size=5), least=st.integers(0, 3), room=st.integers(0, 5))
def test_some_elements_are_as_many_as_allowed(seed: str, least: int, room: int) -> None:
    """A list has at least and at most as many elements as was asked for, and they are drawn in order."""
    draw = Choices(seed)
    numbers = iter(range(100))

    made = draw.some(lambda: next(numbers), at_least=least, at_most=least + room)

    assert least <= len(made) <= least + room
    assert made == list(range(len(made)))


@given(seed=st.text(max_size=5), data=st.data())
def test_leaving_out_an_elements_draws_leaves_out_the_element(seed: str, data: st.DataObject) -> None:
    """All other elements stay as they are, and so does what is drawn afterwards, also in a list that was full."""
    draw = Choices(seed)
    made, after = _list_and_more(draw)
    begin, end = data.draw(st.sampled_from(draw.lists[0])) if made else (0, 0)

    again = Choices("another", forced=draw.drawn[:begin] + draw.drawn[end:])
    left, after_again = _list_and_more(again)

    gone = [at for at, span in enumerate(draw.lists[0]) if span == (begin, end)]
    assert left == [each for at, each in enumerate(made) if at not in gone]
    assert after_again == after


def _list_and_more(draw: Choices) -> tuple[list[tuple[int, int]], int]:
    return draw.some(lambda: (draw.below(100), draw.below(100)), at_most=4), draw.below(1000)


def test_a_list_is_empty_past_the_end_of_the_draws() -> None:
    """The simplest list has the fewest elements."""
    draw = Choices("seed", forced=[])

    assert draw.some(lambda: 1, at_most=5) == []
    assert draw.some(lambda: 1, at_least=2, at_most=5) == [1, 1]


def test_a_source_is_one_draw() -> None:
    """However much is taken from it, and the same draw gives the same again."""
    first, second = Choices("a"), Choices("b", forced=Choices("a").drawn)
    numbers = [first.source().random() for _ in range(3)]
    again = Choices("c", forced=first.drawn)

    assert len(first.drawn) == 3
    assert [again.source().random() for _ in range(3)] == numbers
    assert second.source().random() != numbers[0]
