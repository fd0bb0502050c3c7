"""What the processor's driver reads strictly: pages, windows, metrics, and acks of what was sent."""

from __future__ import annotations

from typing import Any

import pytest

from climb.judge.expect import Failure
from climb.projects.processor.driver import highest
from climb.projects.processor.driver.results import metrics_of, page_of
from climb.projects.processor.driver.sender import Book
from climb.projects.processor.rules import Reading

WINDOW: dict[str, Any] = {
    "sensor": "s1", "start": 0, "end": 10, "count": 1, "sum": 1, "min": 1.0, "max": 1.0, "mean": 1.0,
    "p50": 1.0, "p95": 1.0, "p99": 1.0, "first_ts": 3, "last_ts": 3,
}  # fmt: skip


def test_a_page_is_read_with_further_fields() -> None:
    """More fields are welcome, and a whole number may stand where any number is allowed."""
    page = page_of({"windows": [{**WINDOW, "unit": "°C"}], "next": "7", "more": True}, "GET /windows")

    assert page.windows[0].sum == 1.0
    assert page.next == "7"


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"windows": []},
        {"windows": [], "next": 7},
        {"windows": [{**WINDOW, "count": 1.0}], "next": None},
        {"windows": [{**WINDOW, "start": "0"}], "next": None},
        {"windows": [{key: value for key, value in WINDOW.items() if key != "p99"}], "next": None},
    ],
)
def test_a_page_of_another_form_fails_the_check(document: object) -> None:
    """A field that is absent or of another type is reported where it is seen."""
    with pytest.raises(Failure, match="GET /windows"):
        page_of(document, "GET /windows")


def test_metrics_are_read_with_their_types() -> None:
    """Kind and value of each metric stand under the name of its line."""
    text = "# TYPE processor_late_total counter\nprocessor_late_total 3\n# TYPE processor_sensors gauge\nprocessor_sensors 2\n"

    assert metrics_of(text) == {"processor_late_total": ("counter", 3.0), "processor_sensors": ("gauge", 2.0)}


def test_metrics_that_are_none_fail_the_check() -> None:
    """Text in another format is reported with what the parser says."""
    with pytest.raises(Failure, match="GET /metrics"):
        metrics_of('{"accepted": 3}')


def test_an_ack_of_what_was_sent_is_kept() -> None:
    """The highest number that was acknowledged is known for each sensor."""
    book = Book()
    book.note_sent([Reading("s1", 4, 0, 0.0), Reading("s1", 9, 0, 0.0)])
    book.note_acked("s1", 9, "here")
    book.note_acked("s1", 4, "here")

    assert book.acked == {"s1": 9}


@pytest.mark.parametrize(("sensor", "seq"), [("s1", 10), ("s1", 0), ("s2", 1)])
def test_an_ack_of_what_was_not_sent_fails_the_check(sensor: str, seq: int) -> None:
    """A number above the highest one sent, or of a sensor that sent nothing."""
    book = Book()
    book.note_sent([Reading("s1", 9, 0, 0.0)])

    with pytest.raises(Failure, match="an ack here"):
        book.note_acked(sensor, seq, "here")


def test_the_highest_number_of_each_sensor() -> None:
    """Order has no part in it."""
    readings = [Reading("b", 2, 0, 0.0), Reading("a", 7, 0, 0.0), Reading("b", 1, 0, 0.0)]

    assert highest(readings) == {"a": 7, "b": 2}
