"""Points of a plot, made fewer."""

from hypothesis import given, strategies as st

from climb.judge.curves import thinned

POINTS = st.lists(st.floats(-1e6, 1e6), max_size=400).map(
    lambda values: [(float(at), y) for at, y in enumerate(values)]
)


@given(points=POINTS, most=st.integers(4, 60))
def test_fewer_points_keep_their_ends_and_extremes(points: list[tuple[float, float]], most: int) -> None:
    """As many as allowed at most, in order, and the highest and the lowest are as they were."""
    kept = thinned(points, most=most)

    assert len(kept) <= max(most, 0)
    assert list(kept) == sorted(kept)
    assert set(kept) <= set(points)
    assert kept[:1] == tuple(points[:1])
    assert kept[-1:] == tuple(points[-1:])
    for extreme in (min, max):
        assert not points or extreme(y for _, y in kept) == extreme(y for _, y in points)


@given(points=POINTS)
def test_few_points_stay_as_they_are(points: list[tuple[float, float]]) -> None:
    """Nothing is left out that has room."""
    assert thinned(points, most=max(len(points), 4)) == tuple(points)
