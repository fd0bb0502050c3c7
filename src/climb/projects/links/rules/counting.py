"""What the statistics of a link may say, given when it was followed.

The time of a click lies between the question and the answer, so near the end of an hour it may belong to either: then each of the two
counts may have it. All of them together are exact.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Literal, TypeAlias

import msgspec

from climb.projects.links.rules.moments import day_of, hour_of, moment

__all__ = ["By", "Click", "Clicks", "wrong_in"]

By: TypeAlias = Literal["hour", "day"]


class Click(msgspec.Struct, frozen=True):
    """When somebody asked, and when the answer was there."""

    asked: dt.datetime
    answered: dt.datetime


class Item(msgspec.Struct, frozen=True):
    """An hour or a day, and its clicks."""

    start: str
    count: int


class Clicks(msgspec.Struct, frozen=True):
    """The answer of the contract, as it is read."""

    total: int
    items: tuple[Item, ...]


def wrong_in(
    shown: Clicks,
    clicks: Sequence[Click],
    *,
    by: By = "day",
    begin: dt.datetime | None = None,
    end: dt.datetime | None = None,
) -> str | None:
    """What is wrong with what is shown for the time from ``begin`` up to and without ``end``, in words; None if nothing is."""
    surely = [click for click in clicks if all(_within(when, begin, end) for when in (click.asked, click.answered))]
    perhaps = [click for click in clicks if any(_within(when, begin, end) for when in (click.asked, click.answered))]
    if not len(surely) <= shown.total <= len(perhaps):
        return f"total is {shown.total}, and there were {_span(len(surely), len(perhaps))} clicks in this time"
    if sum(item.count for item in shown.items) != shown.total:
        return f"the counts add up to {sum(item.count for item in shown.items)}, and total is {shown.total}"
    return _wrong_items(shown.items, perhaps, by)


def _wrong_items(items: Sequence[Item], clicks: Sequence[Click], by: By) -> str | None:
    starts = [moment(item.start) for item in items]
    known = [start for start in starts if start is not None]
    if len(known) < len(starts) or known != sorted(set(known)):
        return "the items are not in order of their start, oldest first, each once, with a time as start"
    floor = hour_of if by == "hour" else day_of
    for item, start in zip(items, known, strict=True):
        surely = sum(floor(click.asked) == start == floor(click.answered) for click in clicks)
        perhaps = sum(start in (floor(click.asked), floor(click.answered)) for click in clicks)
        if not max(surely, 1) <= item.count <= perhaps:
            return f"{item.start} has {item.count}, and there were {_span(surely, perhaps)} clicks in that {by}"
    return None


def _within(when: dt.datetime, begin: dt.datetime | None, end: dt.datetime | None) -> bool:
    return (begin is None or begin <= when) and (end is None or when < end)


def _span(low: int, high: int) -> str:
    return str(low) if low == high else f"{low} to {high}"
