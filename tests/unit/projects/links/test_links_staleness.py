"""The rule of staleness: which answers are allowed after what was changed and what was away."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings, strategies as st

from climb.projects.links.rules.staleness import (
    BACK_S,
    Away,
    Following,
    Part,
    Past,
    Version,
    allowed,
    objection,
)

STALE_S = 1.0
MADE = Version(target="http://old", by=0, sent_at=0.0, told_at=0.1)
CHANGED = Version(target="http://new", by=0, sent_at=10.0, told_at=10.2)
DELETED = Version(target=None, by=0, sent_at=10.0, told_at=10.2)
OLD, NEW = "302 to http://old", "302 to http://new"


def follow(at: float, words: str = "503", *, instance: int = 1, took_s: float = 0.01) -> Following:
    """A following that was answered like this."""
    status, _, target = words.partition(" to ")
    return Following(instance=instance, began_at=at, ended_at=at + took_s, status=int(status), target=target or None)


def past(*versions: Version, away: tuple[Away, ...] = (), followings: tuple[Following, ...] = ()) -> Past:
    """A link with these versions."""
    return Past(stale_s=STALE_S, versions=versions, away=away, followings=followings)


def gone(part: Part, instance: int, since: float, until: float = float("inf")) -> Away:
    """A part that is away from one instance."""
    return Away(part=part, instance=instance, since=since, until=until)


@pytest.mark.parametrize(
    ("at", "answers"),
    [
        (5.0, {OLD}),
        (9.995, {OLD, NEW}),  # the change was sent before this answer came
        (10.1, {OLD, NEW}),
        (11.19, {OLD, NEW}),
        (11.21, {NEW}),
    ],
)
def test_a_change_may_be_unseen_for_the_stated_time(at: float, answers: set[str]) -> None:
    """What was changed may be followed as before from the change's sending to STALE_MS after its answer."""
    assert allowed(past(MADE, CHANGED), follow(at)) == answers


def test_a_deletion_is_seen_after_the_stated_time() -> None:
    """Behind the time a deleted link is 410 and nothing else, and the objection names the deletion and how late it is."""
    late = follow(12.0, OLD)

    found = objection(past(MADE, DELETED), late)

    assert found is not None
    assert found.change is DELETED
    assert found.expected == "410"
    assert "1.800 s after the answer to its deletion" in found.received


def test_a_change_without_an_answer_makes_nothing_old() -> None:
    """Such a change may have happened or not, and stays possible behind a later one that was answered."""
    doubtful = Version(target="http://doubt", by=0, sent_at=10.0, told_at=None)
    later = Version(target="http://new", by=0, sent_at=20.0, told_at=20.1)

    assert allowed(past(MADE, doubtful), follow(100.0)) == {OLD, "302 to http://doubt"}
    assert allowed(past(MADE, doubtful, later), follow(100.0)) == {"302 to http://doubt", NEW}
    assert allowed(past(MADE, doubtful, DELETED), follow(100.0)) == {"410"}


def test_an_old_version_does_not_come_back() -> None:
    """What an earlier change replaced is not allowed because a later one is fresh."""
    newest = Version(target="http://newest", by=1, sent_at=20.0, told_at=20.1)

    assert allowed(past(MADE, CHANGED, newest), follow(20.5)) == {NEW, "302 to http://newest"}


def test_an_expiry_holds_to_the_moment() -> None:
    """Before it the link is followed, after it never, and around it either."""
    ends = Version(target="http://old", by=0, sent_at=0.0, told_at=0.1, expires_at=50.0)

    assert allowed(past(ends), follow(49.9)) == {OLD}
    assert allowed(past(ends), follow(49.995)) == {OLD, "410"}
    assert allowed(past(ends), follow(50.1)) == {"410"}


def test_a_later_expiry_may_be_unseen_for_the_stated_time() -> None:
    """An expired link that was given more time is followed again after STALE_MS at the latest."""
    ended = Version(target="http://old", by=0, sent_at=0.0, told_at=0.1, expires_at=5.0)
    longer = Version(target="http://old", by=0, sent_at=10.0, told_at=10.2, expires_at=99.0)

    assert allowed(past(ended, longer), follow(10.5)) == {"410", OLD}
    assert allowed(past(ended, longer), follow(11.3)) == {OLD}


def test_a_link_is_there_at_once() -> None:
    """A link that was made is unknown to nobody, unless its code was asked for in vain within STALE_MS before."""
    vain = follow(-0.5, "404")
    long_ago = follow(-5.0, "404")

    assert allowed(past(MADE), follow(0.05)) == {"404", OLD}
    assert allowed(past(MADE), follow(0.11)) == {OLD}
    assert allowed(past(MADE, followings=(vain,)), follow(0.11)) == {"404", OLD}
    assert allowed(past(MADE, followings=(vain,)), follow(0.6)) == {OLD}
    assert allowed(past(MADE, followings=(long_ago,)), follow(0.11)) == {OLD}


def test_one_part_away_excuses_no_old_answer() -> None:
    """Neither a cache that could not be told nor a database that can't be asked changes the rule."""
    for away in (gone(Part.CACHE, 0, 9.0), gone(Part.CACHE, 1, 9.0), gone(Part.DATABASE, 1, 9.0)):
        assert objection(past(MADE, CHANGED, away=(away,)), follow(11.3, OLD)) is not None


def test_only_the_cache_of_one_and_the_database_of_the_other_excuse_it() -> None:
    """Until five seconds after one of them is back the link may be followed as it was before."""
    both = (gone(Part.CACHE, 0, 9.0, 20.0), gone(Part.DATABASE, 1, 9.0, 15.0))
    history = past(MADE, CHANGED, away=both)

    assert objection(history, follow(15.0 + BACK_S - 0.1, OLD)) is None
    assert objection(history, follow(15.0 + BACK_S + 0.1, OLD)) is not None


def test_another_instance_is_not_excused() -> None:
    """One that has its database finds the change there."""
    both = (gone(Part.CACHE, 0, 9.0), gone(Part.DATABASE, 1, 9.0))

    assert objection(past(MADE, CHANGED, away=both), follow(11.3, OLD, instance=0)) is not None


def test_a_cache_that_is_back_has_to_be_told() -> None:
    """A database that goes away more than five seconds after the changer's cache is back excuses nothing."""
    one_by_one = (gone(Part.CACHE, 0, 9.0, 12.0), gone(Part.DATABASE, 1, 12.0 + BACK_S + 0.1))

    assert objection(past(MADE, CHANGED, away=one_by_one), follow(18.0, OLD)) is not None


def test_who_can_ask_neither_follows_nothing_for_longer() -> None:
    """STALE_MS after both have gone only 503 is left, and also for a link that was answered shortly before."""
    both = (gone(Part.CACHE, 1, 5.0), gone(Part.DATABASE, 1, 4.0))
    history = past(MADE, away=both, followings=(follow(4.9, OLD),))

    assert allowed(history, follow(5.5)) == {OLD, "503"}
    assert allowed(history, follow(6.1)) == {"503"}
    assert allowed(history, follow(6.1, instance=0)) == {OLD}


def test_a_deleted_link_stays_so_for_who_can_ask_neither() -> None:
    """That a link is deleted never changes, so it may be told without asking anyone."""
    both = (gone(Part.CACHE, 1, 15.0), gone(Part.DATABASE, 1, 15.0))

    assert allowed(past(MADE, DELETED, away=both), follow(18.0)) == {"410", "503"}


def test_503_is_for_what_cannot_be_asked() -> None:
    """Without the database a link that was not answered here may be 503; without the cache no link may."""
    database = (gone(Part.DATABASE, 1, 4.0, 8.0),)
    known = (follow(3.0, OLD),)

    assert "503" in allowed(past(MADE, away=database), follow(5.0))
    assert "503" not in allowed(past(MADE, away=database, followings=known), follow(5.0))
    assert "503" in allowed(past(MADE, away=database), follow(8.0 + BACK_S - 0.1))
    assert "503" not in allowed(past(MADE, away=database), follow(8.0 + BACK_S + 0.1))
    assert "503" not in allowed(past(MADE, away=(gone(Part.CACHE, 1, 4.0),)), follow(5.0))


def test_no_answer_and_other_answers_are_wrong() -> None:
    """Neither silence nor a fault of the program is an answer, and an address that the link never had is none."""
    history = past(MADE)

    assert objection(history, follow(5.0, "0")) is not None
    assert objection(history, follow(5.0, "500")) is not None
    found = objection(history, follow(5.0, "302 to http://other"))
    assert found is not None
    assert found.kind == "a link leads where its owner said"


class Modelled:
    """An instance that is right by construction: what it answers it has read from the newest version at most STALE_MS ago."""

    def __init__(self, versions: tuple[Version, ...], rng: random.Random, keeps_s: float) -> None:
        self._versions = versions
        self._rng = rng
        self._keeps_s = keeps_s
        self._read_at = -1e9

    def follow(self, at: float) -> Following:
        """Its answer, which takes a while."""
        ended_at = at + self._rng.uniform(0.001, 0.2)
        looked_at = self._rng.uniform(at, ended_at)
        if looked_at - self._read_at > self._keeps_s:
            self._read_at = looked_at
        known = [one for one in self._versions if self._took_effect(one) <= self._read_at]
        words = "404" if not known else "410" if known[-1].target is None else f"302 to {known[-1].target}"
        return follow(at, words, took_s=ended_at - at)

    def _took_effect(self, version: Version) -> float:
        end = version.told_at if version.told_at is not None else version.sent_at
        return (version.sent_at + end) / 2


@st.composite
def lives(draw: st.DrawFn) -> tuple[tuple[Version, ...], random.Random]:
    """Versions one after the other, and randomness for who follows them."""
    rng = random.Random(draw(st.integers(0, 1 << 30)))
    at, versions = 0.0, []
    for number in range(draw(st.integers(1, 6))):
        sent_at = at + rng.uniform(0.01, 2.0)
        at = sent_at + rng.uniform(0.001, 0.5)
        versions.append(Version(target=f"http://t/{number}", by=0, sent_at=sent_at, told_at=at))
    if rng.random() < 0.4 and len(versions) > 1:
        last = versions[-1]
        versions[-1] = Version(target=None, by=0, sent_at=last.sent_at, told_at=last.told_at)
    return tuple(versions), rng


@given(lives())
@settings(max_examples=200, deadline=None)
def test_an_instance_that_is_right_is_never_blamed(life: tuple[tuple[Version, ...], random.Random]) -> None:
    """Whatever was changed when, an instance whose knowledge is at most STALE_MS old gives allowed answers only."""
    versions, rng = life
    instance = Modelled(versions, rng, STALE_S)
    followings, at = [], 0.0
    while at < versions[-1].sent_at + 3 * STALE_S:
        at += rng.uniform(0.01, 0.4)
        followings.append(instance.follow(at))
        at = followings[-1].ended_at
    history = past(*versions, followings=tuple(followings))

    assert [found for each in followings if (found := objection(history, each))] == []


@given(lives())
@settings(max_examples=100, deadline=None)
def test_an_instance_that_never_looks_again_is_blamed(life: tuple[tuple[Version, ...], random.Random]) -> None:
    """One that keeps what it read at first is caught once it is asked STALE_MS after a change."""
    versions, rng = life
    instance = Modelled(versions, rng, float("inf"))
    told_at = versions[0].told_at
    assert told_at is not None
    first = instance.follow(told_at + 0.001)
    last = instance.follow((versions[-1].told_at or 0.0) + STALE_S + 1.0)
    history = past(*versions, followings=(first, last))

    changed = first.words != f"302 to {versions[-1].target}" and not (
        versions[-1].target is None and first.status == 410
    )
    assert (objection(history, last) is not None) == changed
