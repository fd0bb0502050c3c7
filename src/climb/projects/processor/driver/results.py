"""Results as documents: read strictly, so that a wrong form is reported where it is seen first."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from climb.judge.difference import show
from climb.judge.expect import fail
from climb.projects.processor.rules import Window

__all__ = ["Page", "Stats", "Total", "metrics_of", "page_of", "read", "window_of"]

T = TypeVar("T")
_SHOWN = 300
_WINDOW_FORM = (
    '{"sensor": text, "start": whole number, "end": …, "count": …, "sum": number, "min": …, "max": …, "mean": …, "p50": …, "p95": …, '
    '"p99": …, "first_ts": whole number, "last_ts": …}'
)


class Page(msgspec.Struct, frozen=True):
    """One answer of ``GET /windows``."""

    windows: tuple[Window, ...]
    next: str | None


class Total(msgspec.Struct, frozen=True, kw_only=True):
    """What is counted of all time."""

    accepted: int
    late: int
    sensors: int
    windows_closed: int


class Stats(Total, frozen=True, kw_only=True):
    """``GET /stats``, as far as the brief names it."""

    duplicates: int
    rejected: int
    watermark: int | None
    workers: int
    percentile_error: float
    memory_bound_mib: float


class _RawPage(msgspec.Struct, frozen=True):
    windows: tuple[Any, ...]
    next: str | None


def read(document: object, kind: type[T], subject: str, *, form: str, why: str) -> T:
    """``document`` as a ``kind``; fails the check if it has another form."""
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        fail(subject, expected=form, received=f"{show(document)[:_SHOWN]}   ({error})", why=why)


def page_of(document: object, subject: str) -> Page:
    """A page of windows."""
    raw = read(
        document,
        _RawPage,
        subject,
        form='{"windows": […], "next": text or null}',
        why="A page has its windows, and the cursor behind the last of them.",
    )
    return Page(tuple(window_of(each, f"a window in {subject}") for each in raw.windows), raw.next)


def window_of(document: object, subject: str) -> Window:
    """A window."""
    why = "Whoever reads a window reads its fields by name. Times and counts are whole numbers, written without a fraction."
    return read(document, Window, subject, form=_WINDOW_FORM, why=why)


def metrics_of(text: str) -> dict[str, tuple[str, float]]:
    """Kind and value of each metric without labels, under the name that its line has; fails if this is not Prometheus' format."""
    try:
        families = list(text_string_to_metric_families(text))
    except (ValueError, KeyError, IndexError) as error:
        fail(
            "GET /metrics",
            expected="Prometheus' text format: # TYPE lines, and name and value on a line",
            received=f"{text[:_SHOWN]}   ({error})",
            why="A metrics server reads this text by machine, and drops all of it if one line is wrong.",
        )
    return {
        sample.name: (family.type, sample.value)
        for family in families
        for sample in family.samples
        if not sample.labels
    }
