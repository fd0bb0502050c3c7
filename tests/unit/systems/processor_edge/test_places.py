"""Places of a source: numbers that only grow, and are the same after a crash."""

from pathlib import Path

import pytest

from climb.systems.processor.pipeline.errors import EdgeError
from climb.systems.processor.sources.places import Places, Span


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sources" / "one.jsonl"


def test_spans_are_laid_end_to_end(file: Path) -> None:
    """Whatever part a span is of, its numbers are above all before it."""
    places = Places(file)

    assert places.plan("a", 0, 10) == Span("a", 0, 10, 1)
    assert places.plan("b", 5, 8) == Span("b", 5, 8, 11)
    assert places.plan("a", 10, 12) == Span("a", 10, 12, 14)


def test_a_planned_span_has_the_same_numbers_after_a_crash(file: Path) -> None:
    """Planned again, whole or a part of it, a span is numbered as it was, and a new one above it."""
    Places(file).plan("a", 0, 10)
    places = Places(file)

    assert places.plan("a", 0, 10).first == 1
    assert places.plan("a", 4, 10).first == 5
    assert places.plan("a", 10, 11).first == 11


def test_what_is_safe_is_not_sent_again(file: Path) -> None:
    """Places that are safe stay so, and the rest is to be replayed in the order of its numbers."""
    places = Places(file)
    for part in ("b", "a", "c"):
        places.plan(part, 0, 10)
    places.safe("a", 10)
    places = Places(file)

    assert places.known() == {"a": 10, "b": 0, "c": 0}
    assert [span.part for span in places.to_replay(["a", "c", "b"])] == ["b", "c"]


def test_a_forgotten_part_begins_anew_with_larger_numbers(file: Path) -> None:
    """After a truncation the same places have other numbers."""
    places = Places(file)
    places.plan("a", 0, 10)
    places.forget("a")
    places = Places(file)

    assert places.known() == {}
    assert places.plan("a", 0, 10).first == 11


def test_numbers_without_places_are_never_given_twice(file: Path) -> None:
    """Numbers of a source that can't be read again grow over restarts too."""
    first = Places(file)
    given = [first.next_number() for _ in range(3)]
    given.append(Places(file).next_number())

    assert given == sorted(set(given))


def test_a_torn_last_line_is_passed_over(file: Path) -> None:
    """A crash in the middle of a write loses that record only."""
    Places(file).plan("a", 0, 10)
    with file.open("ab") as out:
        out.write(b'{"span":["a",10,2')

    assert Places(file).plan("a", 10, 20).first == 11


def test_many_records_are_compacted(file: Path) -> None:
    """The file does not grow with what is safe."""
    places = Places(file)
    for number in range(5000):
        places.plan("a", number, number + 1)
        places.safe("a", number + 1)

    assert len(file.read_bytes().splitlines()) < 2500
    assert Places(file).known() == {"a": 5000}


def test_a_file_of_something_else_is_refused(file: Path) -> None:
    """What can't be read is not overwritten."""
    file.parent.mkdir()
    file.write_text("not ours\n")

    with pytest.raises(EdgeError, match=r"one\.jsonl can't be used"):
        Places(file)
    assert file.read_text() == "not ours\n"
