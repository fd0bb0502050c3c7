"""What the statistics of a link may say."""

from __future__ import annotations

import datetime as dt

import pytest

from climb.projects.links.rules.counting import Click, Clicks, Item, wrong_in

_NOON = dt.datetime(2027, 3, 4, 12, 0, 0, tzinfo=dt.UTC)
_SECOND, _HOUR = dt.timedelta(seconds=1), dt.timedelta(hours=1)


def _click(seconds: float, lasts: float = 0.01) -> Click:
    asked = _NOON + seconds * _SECOND
    return Click(asked, asked + lasts * _SECOND)


def _shown(**counts: int) -> Clicks:
    """Hours of that day by number: _shown(h11=2)."""
    items = tuple(Item(f"2027-03-04T{name[1:]}:00:00Z", count) for name, count in counts.items())
    return Clicks(sum(counts.values()), items)


_TWO = [_click(1), _click(2)]


def test_the_right_hours_are_right() -> None:
    """Each click is in the hour in which it was."""
    assert wrong_in(_shown(h11=1, h12=2), [_click(-5), *_TWO], by="hour") is None


def test_the_right_day_is_right() -> None:
    """By day the item begins at hour 0."""
    assert wrong_in(_shown(h00=3), [_click(-5), *_TWO]) is None


@pytest.mark.parametrize("shown", [_shown(h11=1, h12=1), _shown(h11=0, h12=2), _shown(h12=2, h11=0)])
def test_a_click_at_the_end_of_an_hour_may_be_in_either(shown: Clicks) -> None:
    """The judge knows when it asked and when it was answered, not when the program looked at its clock."""
    items = tuple(item for item in shown.items if item.count)

    assert wrong_in(Clicks(2, items), [_click(-0.005), _click(1)], by="hour") is None


@pytest.mark.parametrize(
    ("shown", "what"),
    [
        (_shown(h12=1), "total is 1"),
        (_shown(h12=3), "total is 3"),
        (_shown(h11=1, h12=1), "T11:00:00Z has 1"),
        (_shown(h12=1, h13=1), "T12:00:00Z has 1"),
        (Clicks(2, (Item("2027-03-04T12:00:00Z", 1),)), "add up to 1"),
        (Clicks(2, (Item("2027-03-04T12:00:00Z", 1), Item("2027-03-04T12:00:00Z", 1))), "order"),
        (Clicks(2, (Item("2027-03-04T13:00:00Z", 1), Item("2027-03-04T12:00:00Z", 1))), "order"),
        (Clicks(2, (Item("noon", 2),)), "order"),
        (Clicks(2, (Item("2027-03-04T12:00:00Z", 2), Item("2027-03-04T13:00:00Z", 0))), "T13:00:00Z has 0"),
    ],
)
def test_what_is_wrong_is_told(shown: Clicks, what: str) -> None:
    """Too few, too many, in another hour, not adding up, out of order, or an hour without clicks."""
    assert what in (wrong_in(shown, _TWO, by="hour") or "")


@pytest.mark.parametrize(
    ("begin", "end", "count"), [(0, 1, 2), (0, None, 2), (None, 0, 1), (-1, 0, 1), (1, 2, 0), (-1, 1, 3)]
)
def test_from_is_included_and_to_is_not(begin: int | None, end: int | None, count: int) -> None:
    """Only clicks within the time that was asked for count."""
    around = [None if hours is None else _NOON + hours * _HOUR for hours in (begin, end)]
    clicks = [_click(-5), *_TWO]
    counts = {"h11": 1 if begin != 0 and begin != 1 else 0, "h12": 2 if end != 0 and begin != 1 else 0}
    shown = _shown(**{name: number for name, number in counts.items() if number})

    assert shown.total == count
    assert wrong_in(shown, clicks, by="hour", begin=around[0], end=around[1]) is None
