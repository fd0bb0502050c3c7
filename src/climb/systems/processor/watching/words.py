"""How a processor stands, in a sentence, and numbers as people read them."""

from __future__ import annotations

import datetime as dt

from climb.systems.processor.watching.watch import Phase, View

__all__ = ["clock", "distance", "duration", "lag", "moment", "sentence", "standing"]


def duration(seconds: float) -> str:
    """A length of time: ``0.4 s``, ``12 s``, ``3 min 12 s``, ``2 days``, ``3.1 years``."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min {int(seconds % 60)} s"
    if seconds < 86400:
        return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60)} min"
    days = seconds / 86400
    if days < 730:
        return f"{days:,.0f} day{'s' if round(days) != 1 else ''}"
    return f"{days / 365.25:,.1f} years" if days < 36_525 else f"{days / 365.25:,.0f} years"


def distance(behind_ms: int | None) -> str:
    """How far the watermark is from now."""
    if behind_ms is None:
        return "there is none yet"
    return f"{duration(abs(behind_ms) / 1000)} {'behind' if behind_ms >= 0 else 'ahead of'} now"


def lag(milliseconds: float | None) -> str:
    """A delay, in the unit that fits."""
    if milliseconds is None:
        return "–"
    return f"{milliseconds:.3g} ms" if milliseconds < 1000 else duration(milliseconds / 1000)


def clock(at_ms: int) -> str:
    """The time of day, in this machine's zone."""
    return dt.datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%H:%M:%S")


def moment(at_ms: int) -> str:
    """A moment of event time, in this machine's zone; a number where no calendar reaches."""
    try:
        return dt.datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return f"{at_ms} ms"


def standing(view: View) -> str:
    """Its state in two or three words."""
    return {
        Phase.WAITING: "nothing answers",
        Phase.RUNNING: "running",
        Phase.GONE: "does not answer",
        Phase.STRANGE: "something else answers",
    }[view.phase]


def sentence(view: View) -> str:
    """How it stands, and since when; for a page and for a terminal."""
    if view.phase is Phase.WAITING:
        return f"{_first_upper(view.problem or 'not asked yet')}."
    if view.phase is Phase.STRANGE:
        return f"{_first_upper(view.problem)}."
    if view.phase is Phase.GONE:
        return f"No answer since {clock(view.since_ms)}. These are its last numbers; when it is back, this goes on."
    return f"Running{_age(view)}{_made_of(view)}.{_again(view)}"


def _age(view: View) -> str:
    up = view.stats.uptime_seconds if view.stats else None
    return f" for {duration(up)}" if up is not None else ""


def _made_of(view: View) -> str:
    if view.stats is None:
        return ""
    count = view.stats.workers
    durable = {True: ", durable", False: ", not durable", None: ""}[view.stats.durable]
    return f", {count} worker{'s' if count > 1 else ''}{durable}"


def _again(view: View) -> str:
    if not view.starts or view.stats is None:
        return ""
    stats = view.stats
    recovered = f", recovered in {duration(stats.recovery_seconds)}" if stats.recovery_seconds is not None else ""
    replayed = f", {stats.replayed:,} readings replayed" if stats.replayed else ""
    return f" It was started again, seen at {clock(view.since_ms)}{recovered}{replayed}."


def _first_upper(text: str) -> str:
    return text if text.startswith("http") else text[:1].upper() + text[1:]
