"""How ticks become columns: exact where there is room; elsewhere a column shows what ran longest in it."""

from hypothesis import given, strategies as st

from climb.gantt.axis import Window, around, bounds, round_step, round_ticks
from climb.gantt.columns import MIXED, Run, Scale, runs
from climb.gantt.model import Row, Span
from climb.gantt.signs import OTHERS, labels_of, signs_for


def row(*lengths: tuple[str | None, int]) -> Row:
    """Stretches one after the other; None is idle."""
    spans, at = [], 0
    for label, length in lengths:
        if label is not None:
            spans.append(Span(at, at + length, label))
        at += length
    return Row("cpu 0", tuple(spans))


ROWS = st.lists(
    st.tuples(st.sampled_from(["A", "B", "C", "D", "E", "F", None]), st.integers(min_value=1, max_value=40)),
    min_size=1,
    max_size=30,
).map(lambda stretches: row(*stretches))


def test_a_tick_may_take_several_columns() -> None:
    """As many as wanted, while there is room."""
    scale = Scale.fitting(Window(0, 10), 35, wanted=4)

    assert (scale.columns_per_tick, scale.ticks_per_column, scale.columns) == (3, 1, 30)


def test_a_column_may_hold_several_ticks() -> None:
    """A number of them that can be said roundly: 23 become 25."""
    scale = Scale.fitting(Window(0, 1150), 50, wanted=4)

    assert (scale.columns_per_tick, scale.ticks_per_column, scale.columns) == (1, 25, 46)


def test_idle_stretches_are_runs_too() -> None:
    """Before, between and after the spans."""
    found = runs(row((None, 1), ("A", 2), (None, 1), ("A", 1)), Scale(Window(0, 7), 1, 1))

    assert found == [Run(0, 1, None), Run(1, 3, "A"), Run(3, 4, None), Run(4, 5, "A"), Run(5, 7, None)]


def test_a_column_shows_what_ran_longest_in_it() -> None:
    """Three ticks of B outweigh two of A, what is equal goes to the first, and what is mostly idle is idle."""
    stretches = row(("A", 2), ("B", 3), ("C", 2), ("D", 2), (None, 1), (None, 3), ("A", 2), ("A", 5))

    found = runs(stretches, Scale(Window(0, 20), 1, 5))

    assert found == [Run(0, 1, "B"), Run(1, 2, "C"), Run(2, 3, None), Run(3, 4, "A")]


def test_many_short_spans_do_not_look_idle() -> None:
    """Eight idle ticks of forty outweigh each task, not all of them together; and no task looks as if it were alone."""
    stretches = row(*[part for task in "ABCDEFGH" for part in ((task, 4), (None, 1))])

    assert runs(stretches, Scale(Window(0, 40), 1, 40)) == [Run(0, 1, MIXED)]
    assert runs(stretches, Scale(Window(0, 40), 1, 10)) == [
        Run(0, 1, "A"),
        Run(1, 2, "C"),
        Run(2, 3, "E"),
        Run(3, 4, "G"),
    ]


@given(ROWS, st.integers(min_value=1, max_value=60))
def test_runs_cover_every_column_once(given_row: Row, room: int) -> None:
    """From the first column to the last, none twice, whatever the scale."""
    scale = Scale.fitting(bounds([given_row]), room, wanted=4)

    found = runs(given_row, scale)

    assert scale.columns <= room
    assert [run.start for run in found] == [0, *(run.end for run in found[:-1])]
    assert found[-1].end == scale.columns


@given(ROWS, st.integers(min_value=2, max_value=9))
def test_what_ran_longest_is_counted_right(given_row: Row, size: int) -> None:
    """Each column has been counted tick by tick."""
    scale = Scale(bounds([given_row]), 1, size)
    ticks = [
        next((span.label for span in given_row.spans if span.start <= tick < span.end), None)
        for tick in range(scale.window.begin, scale.window.begin + scale.columns * size)
    ]

    for run in runs(given_row, scale):
        for column in range(run.start, run.end):
            within = ticks[column * size : (column + 1) * size]
            busy = [label for label in within if label is not None]
            assert (run.label is None) == (2 * len(busy) < size)
            most = max(map(busy.count, busy), default=0)
            assert (run.label == MIXED) == (run.label is not None and 3 * most < len(busy))
            assert run.label in {None, MIXED} or busy.count(run.label) == most


def test_the_axis_begins_at_zero_unless_most_would_be_empty() -> None:
    """A recording that begins late is shown from where it begins."""
    assert bounds([Row("", (Span(5, 20, "A"),))]) == (0, 20)
    assert bounds([Row("", (Span(500, 520, "A"),))]) == (500, 520)
    assert bounds([Row("", (Span(500, 520, "A"),))], moment=530) == (500, 530)
    assert bounds([]) == (0, 1)


def test_a_window_stays_within_the_whole() -> None:
    """The moment is in its middle, but at the ends."""
    whole = Window(0, 100)

    assert around(whole, 50, 20) == (40, 60)
    assert around(whole, 3, 20) == (0, 20)
    assert around(whole, 99, 20) == (80, 100)
    assert around(whole, 50, 200) == whole


def test_steps_of_the_axis_are_round() -> None:
    """1, 2 or 5 times a power of ten, and its ticks are multiples."""
    assert [round_step(least) for least in (0.1, 1, 1.5, 3, 6, 11, 21, 51)] == [1, 1, 2, 5, 10, 20, 50, 100]
    assert list(round_ticks(Window(7, 21), 5)) == [10, 15, 20]


def test_labels_are_listed_as_one_would() -> None:
    """The given order first, then 2 before 10."""
    rows = [row(("task10", 1), ("task2", 1), ("idle", 1))]

    assert labels_of(rows) == ["idle", "task2", "task10"]
    assert labels_of(rows, ["task10"]) == ["task10", "idle", "task2"]


def test_signs_tell_labels_apart() -> None:
    """By what they do not have in common; a label of one letter is its own sign."""
    assert signs_for(["task1", "task2", "task30"]) == {"task1": "1", "task2": "2", "task30": "3"}
    assert signs_for(["build", "A", "boot"]) == {"build": "b", "A": "A", "boot": "o"}
    assert signs_for(["truck", "car1", "car2"]) == {"truck": "t", "car1": "1", "car2": "2"}


@given(st.lists(st.text(min_size=1, max_size=5), unique=True, max_size=90))
def test_no_two_labels_share_a_sign(labels: list[str]) -> None:
    """While there are signs; a sign is one ASCII letter or digit."""
    signs = signs_for(labels)
    own = [sign for sign in signs.values() if sign != OTHERS]

    assert signs.keys() == set(labels)
    assert len(set(own)) == len(own) >= min(len(labels), 62)
    assert all(sign.isascii() and sign.isalnum() for sign in own)


def test_spans_that_overlap_still_make_a_row() -> None:
    """A program may have said that two tasks ran at once: the later one gives way."""
    overlapping = Row("cpu 0", (Span(0, 4, "A"), Span(2, 6, "B"), Span(3, 5, "C")))

    assert runs(overlapping, Scale(Window(0, 6), 1, 1)) == [Run(0, 4, "A"), Run(4, 6, "B")]
