"""What is found when the windows that a processor shows are not those that it should show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from climb.projects.processor.rules import Model, Reading, Shape, Window, find_difference, find_disorder

SHAPE = Shape(window_ms=10)


def _expected() -> Model:
    model = Model(SHAPE)
    values = [2.0, -1.0, 8.5, 4.0]
    model.take_all(Reading("s1", seq, seq, value) for seq, value in enumerate(values, 1))
    model.take(Reading("s1", 5, 10, 16.0))
    model.take(Reading("s1", 6, 20, 0.0))
    return model


def _right() -> list[Window]:
    """The two windows of ``_expected`` as a right program shows them."""
    common: dict[str, Any] = {"sensor": "s1"}
    first = Window(
        **common, start=0, end=10, count=4, sum=13.5, min=-1.0, max=8.5, mean=3.375, p50=2.0, p95=8.5, p99=8.5,
        first_ts=1, last_ts=4,
    )  # fmt: skip
    second = Window(
        **common, start=10, end=20, count=1, sum=16.0, min=16.0, max=16.0, mean=16.0, p50=16.0, p95=16.0, p99=16.0,
        first_ts=10, last_ts=10,
    )  # fmt: skip
    return [first, second]


def _changed(**fields: object) -> list[Window]:
    first, second = _right()
    return [msgspec.structs.replace(first, **fields), second]


def test_right_windows_are_found_right() -> None:
    """Nothing is found, with exact percentiles and without any error allowed."""
    assert find_difference(_expected().closed(), _right(), 0.0) is None


def test_an_estimate_within_the_error_is_right() -> None:
    """A percentile may differ by the stated error times the value."""
    assert find_difference(_expected().closed(), _changed(p50=2.0 * 1.0099), 0.01) is None


def test_an_estimate_beyond_the_error_is_found() -> None:
    """A little more than the stated error is too much."""
    found = find_difference(_expected().closed(), _changed(p50=2.0 * 1.011), 0.01)

    assert found is not None
    assert found.kind == "p50 of a window"
    assert "⌈0.5·4⌉" in found.why


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("end", 11),
        ("count", 5),
        ("min", 0.0),
        ("max", 8.4),
        ("first_ts", 0),
        ("last_ts", 5),
        ("sum", 13.6),
        ("mean", 3.4),
    ],
)
def test_each_field_is_looked_at(field: str, value: float) -> None:
    """A wrong field is named, with what it should be."""
    found = find_difference(_expected().closed(), _changed(**{field: value}), 0.01)

    assert found is not None
    assert found.kind == f"{field} of a window"
    assert found.subject == f"{field} of the window s1 [0, 10)"


def test_a_sum_may_be_rounded() -> None:
    """Sums are right within 10⁻⁹ of the sum of the absolute values."""
    assert find_difference(_expected().closed(), _changed(sum=13.5 + 1e-9), 0.0) is None


def test_a_value_that_is_no_number_is_wrong() -> None:
    """NaN is not within any error of anything."""
    assert find_difference(_expected().closed(), _changed(p99=float("nan")), 0.01) is not None


@pytest.mark.parametrize(("count", "total", "words"), [(3, 5.0, "left out"), (5, 22.0, "counted twice")])
def test_a_reading_that_explains_the_difference_is_named(count: int, total: float, words: str) -> None:
    """One less and the sum less by one value: as if that reading had been left out; and twice the same way."""
    found = find_difference(_expected().closed(), _changed(count=count, sum=total, mean=total / count), 0.01)

    assert found is not None
    assert found.details[-1] == f"as if this one had been {words}: s1 seq 3, ts 3, value 8.5"


def test_a_missing_window_is_found() -> None:
    """A closed window that is not shown is named."""
    found = find_difference(_expected().closed(), _right()[:1], 0.01)

    assert found is not None
    assert (found.kind, found.subject) == ("a window that is not shown", "the window s1 [10, 20)")


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (lambda shown: [*shown, shown[0]], "a window that is shown twice"),
        (lambda shown: [*shown, msgspec.structs.replace(shown[0], sensor="s2")], "a window that should not be shown"),
    ],
)
def test_what_is_too_much_is_found(spoil: Callable[[list[Window]], list[Window]], kind: str) -> None:
    """A window shown twice, or one that should not be there."""
    found = find_difference(_expected().closed(), spoil(_right()), 0.01)

    assert found is not None
    assert found.kind == kind


def test_the_order_is_by_start_then_name() -> None:
    """The first two neighbours in the wrong order are named."""
    found = find_disorder(_right()[::-1])

    assert found is not None
    assert found.expected == "s1 [0, 10) before s1 [10, 20)"
    assert find_disorder(_right()) is None
