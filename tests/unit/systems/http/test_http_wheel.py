"""Deadlines in a wheel: never too early, hardly too late, and forgotten when they are over."""

from __future__ import annotations

from hypothesis import given, strategies as st

from climb.systems.http.wheel import TICK_S, Wheel


class Item:
    """Has one deadline, which may be put off; notes when it was met."""

    def __init__(self, at: float) -> None:
        self.due = 0
        self.at = at
        self.met: float | None = None
        self.looks = 0

    def look(self, now: float) -> float | None:
        self.looks += 1
        if now < self.at:
            return self.at
        self.met = now
        return None


def turned(wheel: Wheel, until: float, step: float = 0.03) -> None:
    for number in range(int(until / step) + 1):
        wheel.turn(number * step)


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0, 5)), min_size=1, max_size=20))
def test_each_deadline_is_met_in_time(deadlines: list[tuple[float, float]]) -> None:
    """Whether it came nearer or was put off, it is met at its time or a tick and a turn later, once."""
    wheel = Wheel(0.0)
    items = [Item(second) for _, second in deadlines]
    for item, (first, second) in zip(items, deadlines, strict=True):
        wheel.watch(item, first)
        if second < first:
            wheel.watch(item, second)
    turned(wheel, 6.0)

    assert all(item.met is not None and item.at <= item.met <= item.at + TICK_S + 0.04 for item in items)
    assert wheel.is_empty


def test_putting_off_costs_nothing() -> None:
    """An item whose deadline was put off many times is looked at as often as its first deadline fits in, not each time."""
    wheel = Wheel(0.0)
    item = Item(1.0)
    wheel.watch(item, 1.0)
    for number in range(10_000):
        item.at = 1.0 + number / 1000
        wheel.watch(item, item.at)
    turned(wheel, 12.0)

    assert item.met is not None
    assert item.looks == 2


def test_what_is_forgotten_is_not_looked_at() -> None:
    """Nor is anything kept of it."""
    wheel = Wheel(0.0)
    item = Item(0.1)
    wheel.watch(item, 0.1)
    wheel.forget(item)
    wheel.forget(item)
    turned(wheel, 1.0)

    assert item.looks == 0
    assert wheel.is_empty
