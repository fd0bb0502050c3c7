"""Which answers to a following are allowed, given what was changed and what was away when: the brief's rule of staleness as a function.

All times are seconds of one clock, the judge's. A change counts from when its answer was read, and a following is asked when it is about to
be sent. Both favour the program, so that "not a moment longer" is meant as it stands, without a tolerance.

A change without an answer may have happened, at any time since it was sent. So it is allowed from then on, and makes nothing else old.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

import msgspec

__all__ = ["BACK_S", "Away", "Following", "Objection", "Part", "Past", "Version", "allowed", "objection"]

BACK_S = 5.0  # after a part is back, within which everything works again
_REMEMBERED_S = 60.0  # an instance answers what it has answered within the last minute, also without the database
_CLOCK_S = 0.02  # clocks that count in milliseconds, or in the kernel's ticks, tell when a link expires and when somebody last asked


class Part(StrEnum):
    """What an instance stands on."""

    DATABASE = "database"
    CACHE = "cache"


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """What a link was made, changed to, or deleted (``target`` is None), by which instance, and when that was asked and answered.

    ``told_at`` is None if there was no answer that said yes. ``expires_at`` is of the judge's clock.
    """

    target: str | None
    by: int
    sent_at: float
    told_at: float | None
    expires_at: float | None = None


class Away(msgspec.Struct, frozen=True, kw_only=True):
    """A part that an instance could not ask from one time to another."""

    part: Part
    instance: int
    since: float
    until: float = float("inf")


class Following(msgspec.Struct, frozen=True, kw_only=True):
    """One GET of the code: on which instance, when it was sent and answered, and how; 0 for no answer."""

    instance: int
    began_at: float
    ended_at: float
    status: int
    target: str | None = None

    @property
    def words(self) -> str:
        """The answer, as a report shows it."""
        if not self.status:
            return "no answer"
        return f"{self.status} to {self.target}" if self.target is not None else str(self.status)


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """All that happened to one link: its versions in order (the first is its making), what was away, and how it was followed."""

    stale_s: float
    versions: tuple[Version, ...]
    away: tuple[Away, ...] = ()
    followings: tuple[Following, ...] = ()


class Objection(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with an answer: the ``kind`` of claim that it breaks, what was allowed, what came, and which rule that breaks; and the change that should have been seen."""

    kind: str
    expected: str
    received: str
    why: str
    following: Following
    change: Version | None = None


def allowed(past: Past, following: Following) -> frozenset[str]:
    """The answers that are allowed here, in words: "302 to …", "404", "410", "503"."""
    found = {answer for version in _possible(past, following) for answer in _answers(version, following)}
    if _may_be_unknown(past, following):
        found.add("404")
    if _can_ask_neither(past, following):
        found = {answer for answer in found if not answer.startswith("302")} | {"503"}
    if _excused(past, following):
        found.add("503")
    return frozenset(found)


def objection(past: Past, following: Following) -> Objection | None:
    """What speaks against this answer; None if nothing does."""
    wanted = allowed(past, following)
    if following.words in wanted:
        return None
    expected = " or ".join(sorted(wanted))
    old = _outlived(past, following)
    blind = following.status == 302 and _can_ask_neither(past, following)
    if old is not None and not blind:
        change, late_s = old
        when = f"{late_s:.3f} s after the answer to its {'deletion' if change.target is None else 'change'}"
        return Objection(
            kind="no link is followed as it was for longer than STALE_MS",
            expected=expected,
            received=f"{following.words}, {when}",
            why=f"STALE_MS is {past.stale_s * 1000:.0f}. What was changed may be followed as it was before for so long, and not a moment longer, whatever is cached where.",
            following=following,
            change=change,
        )
    kind, why = _otherwise(past, following)
    return Objection(
        kind=kind, expected=expected, received=following.words, why=why, following=following, change=_last(past)
    )


def _possible(past: Past, following: Following) -> Iterator[Version]:
    """The versions that an instance may still, or already, know as the newest."""
    for number, version in enumerate(past.versions):
        if version.sent_at <= following.ended_at and not any(
            _makes_old(past, version, later, following) for later in past.versions[number + 1 :]
        ):
            yield version


def _makes_old(past: Past, version: Version, later: Version, following: Following) -> bool:
    """Whether ``later`` must have been seen by now, instead of the version before it."""
    if later.told_at is None or later.told_at + past.stale_s >= following.began_at:
        return False
    if version.told_at is None and later.target is not None:
        return False  # it may have come to pass behind the later one
    return not _both_failed(past, later, following)


def _both_failed(past: Past, change: Version, following: Following) -> bool:
    """The cache failed the instance that changed the link and the database the one that follows it, up to 5 s after one of them is back."""
    if change.told_at is None:
        return False
    untold = [
        away
        for away in _of(past, Part.CACHE, change.by)
        if away.since <= change.told_at + past.stale_s and away.until >= change.sent_at
    ]
    return any(
        blind.since <= following.ended_at
        and blind.since <= deaf.until + BACK_S
        and following.began_at <= min(blind.until, deaf.until) + BACK_S
        for deaf in untold
        for blind in _of(past, Part.DATABASE, following.instance)
    )


def _answers(version: Version, following: Following) -> set[str]:
    """What a version is followed with; two answers while it may or may not have expired."""
    if version.target is None:
        return {"410"}
    found = set()
    if version.expires_at is None or following.began_at < version.expires_at + _CLOCK_S:
        found.add(f"302 to {version.target}")
    if version.expires_at is not None and following.ended_at > version.expires_at - _CLOCK_S:
        found.add("410")
    return found


def _may_be_unknown(past: Past, following: Following) -> bool:
    """The link is not made yet, or the code was asked for in vain shortly before."""
    if not past.versions:
        return True
    made = past.versions[0]
    if made.told_at is None or following.began_at <= made.told_at or _both_failed(past, made, following):
        return True
    return any(
        earlier.status == 404 and earlier.began_at <= made.told_at
        and following.began_at <= earlier.ended_at + past.stale_s
        for earlier in past.followings
    )  # fmt: skip


def _can_ask_neither(past: Past, following: Following) -> bool:
    """Both parts have been away from this instance for longer than STALE_MS, and still are."""
    return any(
        max(one.since, other.since) + past.stale_s + _CLOCK_S < following.began_at
        and following.ended_at < min(one.until, other.until)
        for one in _of(past, Part.DATABASE, following.instance)
        for other in _of(past, Part.CACHE, following.instance)
    )


def _excused(past: Past, following: Following) -> bool:
    """Whether 503 is an answer here, by the brief's table."""
    if not _missing(past, Part.DATABASE, following):
        return False
    return _missing(past, Part.CACHE, following) or not _remembered(past, following)


def _missing(past: Past, part: Part, following: Following) -> bool:
    """Whether the part is away from this instance during the following, or has come back less than 5 s before."""
    return any(
        away.since <= following.ended_at and following.began_at <= away.until + BACK_S
        for away in _of(past, part, following.instance)
    )


def _remembered(past: Past, following: Following) -> bool:
    """Whether this instance has answered it within the last minute, and nobody has asked to change it since."""
    changed_at = max((version.sent_at for version in past.versions), default=0.0)
    return any(
        earlier.instance == following.instance and earlier.status == 302
        and max(changed_at, following.ended_at - _REMEMBERED_S) <= earlier.began_at < earlier.ended_at <= following.began_at
        for earlier in past.followings
    )  # fmt: skip


def _outlived(past: Past, following: Following) -> tuple[Version, float] | None:
    """The first change that this answer does not know and should, and how long ago it was answered."""
    for number, version in enumerate(past.versions[:-1]):
        later = past.versions[number + 1]
        if following.words in _answers(version, following) and later.told_at is not None:
            return later, following.began_at - later.told_at
    return None


def _otherwise(past: Past, following: Following) -> tuple[str, str]:
    """Which other rule an answer breaks, and why there is such a rule."""
    if following.status == 503:
        return (
            "what can be followed is followed",
            "Database and cache stand in for each other: 503 is for a link of which neither can be asked, or which is not in the cache while the database is away.",
        )
    if following.status == 302 and _can_ask_neither(past, following):
        return (
            "an instance that can ask neither follows no link for longer than STALE_MS",
            f"Both parts were away from this instance for longer than STALE_MS, {past.stale_s * 1000:.0f} ms. It can't know whether the link is still what it was.",
        )
    if following.status == 404:
        return (
            "a link that was made is there",
            "A link that was made is there at once, on every instance; only a code that was asked for in vain may stay unknown, for STALE_MS.",
        )
    return (
        "a link leads where its owner said",
        "This answer is that of no version of the link that may be followed now.",
    )


def _of(past: Past, part: Part, instance: int) -> Iterable[Away]:
    return (away for away in past.away if away.part is part and away.instance == instance)


def _last(past: Past) -> Version | None:
    return past.versions[-1] if past.versions else None
