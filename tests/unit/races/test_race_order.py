"""The order of heats: fair to both sides, and the same for the same seed."""

from itertools import islice, pairwise

from hypothesis import given, strategies as st

from climb.races.order import BLOCK, blocks

SEEDS = st.text("0123456789abcdef", min_size=4, max_size=8)


@given(SEEDS)
def test_each_pair_has_both_sides(seed: str) -> None:
    """Two heats that follow each other, counted in pairs, are one of each side."""
    heats = [name for block in islice(blocks(seed), 10) for name in block]

    assert all({one, other} == {"yours", "ours"} for one, other in zip(heats[::2], heats[1::2], strict=True))


@given(SEEDS)
def test_what_grows_steadily_is_the_same_for_both(seed: str) -> None:
    """Within a block the places of both sides have the same sum."""
    for block in islice(blocks(seed), 10):
        places = [place for place, name in enumerate(block) if name == "yours"]

        assert len(block) == BLOCK
        assert sum(places) == sum(range(BLOCK)) - sum(places)


@given(SEEDS)
def test_the_same_seed_gives_the_same_orders(seed: str) -> None:
    """An order can be repeated."""
    assert list(islice(blocks(seed), 20)) == list(islice(blocks(seed), 20))


def test_both_orders_come() -> None:
    """A long race begins blocks with either side."""
    firsts = [block[0] for block in islice(blocks("41c2"), 40)]

    assert {"yours", "ours"} == set(firsts)
    assert any(one != other for one, other in pairwise(firsts))
