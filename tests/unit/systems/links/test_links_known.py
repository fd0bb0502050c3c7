"""What an instance may believe, and for how long: by its own question, by the feed, and never against a newer change."""

from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from climb.systems.links.entries import NOWHERE, Entry, read_entry, written
from climb.systems.links.known import Known

BELIEVED_S, NOWHERE_S = 1.7, 0.8
OLD, NEW = Entry("spring", 1, "https://example.org/old"), Entry("spring", 2, "https://example.org/new")


@pytest.fixture
def known() -> Known:
    """Nothing is remembered yet."""
    return Known(BELIEVED_S, NOWHERE_S)


def test_an_entry_is_believed_for_a_time(known: Known) -> None:
    """From the moment on when it was asked for, not from when the answer came."""
    kept = known.remember(OLD, 100.0, told_at=100.0)

    assert known.is_good(kept, 101.69)
    assert not known.is_good(kept, 101.71)


def test_the_feed_vouches_for_all_that_is_there(known: Known) -> None:
    """What no change speaks of is as true as when the feed was last asked."""
    kept = known.remember(OLD, 100.0, told_at=100.0)
    known.fed(500.0)

    assert known.is_good(kept, 501.69)
    assert not known.is_good(kept, 501.71)


def test_the_feed_does_not_vouch_for_what_is_not_there(known: Known) -> None:
    """It tells of changes, and that a link was made is none."""
    kept = known.remember(Entry("spring", NOWHERE), 100.0, told_at=100.0)
    known.fed(100.0)

    assert known.is_good(kept, 100.79)
    assert not known.is_good(kept, 100.81)
    assert known.may_be_said(kept, 101.69)
    assert not known.may_be_said(kept, 101.71)


def test_a_change_takes_the_place_of_what_was(known: Known) -> None:
    """At once, wherever it was heard of."""
    known.remember(OLD, 100.0, told_at=100.0)
    known.changed(NEW, 100.1)

    kept = known.find("spring")

    assert kept is not None
    assert kept.entry == NEW


def test_what_is_older_than_a_change_is_not_remembered_as_true(known: Known) -> None:
    """An answer that was on its way while the link was changed, or an entry that the cache was not told to forget."""
    known.changed(NEW, 100.0)

    assert known.outdates(OLD)
    assert not known.outdates(NEW)


def test_an_older_entry_does_not_replace_a_newer_one(known: Known) -> None:
    """Whenever it comes."""
    known.remember(NEW, 100.0, told_at=100.0)

    assert known.remember(OLD, 101.0, told_at=101.0).entry == NEW


def test_a_change_is_news_once(known: Known) -> None:
    """The feed tells changes again and again."""
    assert known.changed(NEW, 100.0)
    assert not known.changed(NEW, 100.5)
    assert known.changed(Entry("spring", 3), 101.0)


def test_changes_are_remembered_for_longer_than_the_cache_keeps_entries(known: Known) -> None:
    """And then forgotten."""
    known.changed(NEW, 100.0)
    known.fed(100.0 + 1190)
    remembered = known.outdates(OLD)
    known.fed(100.0 + 1210)

    assert remembered
    assert not known.outdates(OLD)


def test_memory_is_bounded(known: Known) -> None:
    """The first to come go."""
    for number in range(40_000):
        known.remember(Entry(f"code{number}", 1, "https://example.org/"), 100.0, told_at=100.0)

    assert len(known.paths) <= 30_000
    assert known.find("code0") is None
    assert known.find("code39999") is not None


MOMENTS = st.floats(0, 10, allow_nan=False)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("change"), st.just(0.0)),
        st.tuples(st.just("ask"), st.floats(0, 1.0)),
        st.tuples(st.just("feed"), st.floats(0, 1.0)),
        st.tuples(st.just("wait"), st.floats(0, 1.0)),
    ),
    max_size=40,
)


@given(STEPS)
def test_nothing_stale_is_believed_for_longer_than_the_bound(steps: list[tuple[str, float]]) -> None:
    """Whatever is asked and told in whatever order, and however long answers take: what is believed was true within the bound."""
    known, now, version = Known(BELIEVED_S, NOWHERE_S), 1000.0, 1
    replaced_at: dict[int, float] = {}
    answers: list[tuple[float, Callable[[], None]]] = []

    def run_until(moment: float) -> None:
        for at, hear in sorted(answers, key=lambda answer: answer[0]):
            if at <= moment:
                hear()
                answers.remove((at, hear))

    def asked(entry: Entry, at: float) -> Callable[[], None]:
        return lambda: None if known.outdates(entry) else void(known.remember(entry, at, told_at=at))

    def fed(entry: Entry, at: float) -> Callable[[], None]:
        def hear() -> None:
            if entry.version > 1:
                known.changed(entry, at)
            known.fed(at)

        return hear

    for step, seconds in steps:
        entry = Entry("spring", version, f"https://example.org/{version}")
        if step == "change":
            replaced_at[version] = now
            version += 1
        elif step == "ask":
            answers.append((now + seconds, asked(entry, now)))
        elif step == "feed":
            answers.append((now + seconds, fed(entry, now)))
        else:
            now += seconds
        run_until(now)
        kept = known.find("spring")
        if kept is not None and known.is_good(kept, now):
            assert now - replaced_at.get(kept.entry.version, now) <= BELIEVED_S + 1e-9


def void(_: object) -> None:
    """Nothing."""


@given(st.integers(0, 2**31), st.text("abc:/?=", max_size=20))
def test_entries_are_read_as_they_were_written(version: int, url: str) -> None:
    """By whoever reads the cache."""
    entry = Entry("spring", version, url)

    assert read_entry("spring", written(entry)) == entry


@pytest.mark.parametrize("text", [b"", b"1", b"1 2", b"a b c", b"1 x c", b"\xff 0 a", b"1 99999999999999999999999 a"])
def test_what_others_have_written_is_no_entry(text: bytes) -> None:
    """It is as if there was none."""
    assert read_entry("spring", text) is None


@pytest.mark.parametrize(
    "url", ["https://example.org/\r\nSet-Cookie: a=b", "https://example.org/a b", "https://example.org/\0"]
)
def test_what_would_begin_another_field_is_no_entry(url: str) -> None:
    """Whoever can write to the cache can't make an answer say more than where a link leads."""
    assert read_entry("spring", f"1 0 {url}".encode()) is None
