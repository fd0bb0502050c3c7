"""Conditions and ranges, as functions of fields and a file's identity."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from climb.systems.http.conditions import BEYOND, Identity, Part, part_of, status_of
from climb.systems.http.fields import Fields, Pairs

FILE = Identity(b'"t,a"', 784_111_777)
DATE, BEFORE, AFTER = (b"Sun, 06 Nov 1994 08:49:%b GMT" % second for second in (b"37", b"36", b"38"))


def fields(**values: bytes) -> Fields:
    pairs: Pairs = [(name.replace("_", "-").encode(), value) for name, value in values.items()]
    return Fields(pairs)


@pytest.mark.parametrize(
    ("listed", "named"),
    [
        (b'"t,a"', True), (b'"x", "t,a"', True), (b',"x",, "t,a" ,', True), (b"*", True), (b'"x"', False), (b"t,a", False), (b'"t,a', False),
        (b'"x" "t,a"', False), (b'w/"t,a"', False), (b"", False), (b'*, "t,a"', False), (b'"T,A"', False), (b'"x,"t,a"', False),
    ],
)  # fmt: skip
def test_lists_of_tags(listed: bytes, named: bool) -> None:
    """A tag is named by a list that is one, whatever commas are within tags."""
    assert status_of(fields(if_match=listed), FILE) == (200 if named else 412)
    assert status_of(fields(if_none_match=listed), FILE) == (304 if named else 200)


def test_weak_tags() -> None:
    """They count where nothing is changed or cut together: in If-None-Match."""
    assert status_of(fields(if_none_match=b'W/"t,a"'), FILE) == 304
    assert status_of(fields(if_match=b'W/"t,a"'), FILE) == 412
    assert part_of(fields(range=b"bytes=0-0", if_range=b'W/"t,a"'), FILE, 9) is None


def test_a_long_list_of_tags_is_read_quickly() -> None:
    """A list that nearly is one takes time in proportion to its length; else this would not end."""
    assert status_of(fields(if_none_match=b'"x" ,' * 200_000 + b"x"), FILE) == 200
    assert status_of(fields(if_none_match=b" ," * 200_000 + b"x"), FILE) == 200


def test_the_order_of_conditions() -> None:
    """If-Match before If-Unmodified-Since, then If-None-Match before If-Modified-Since."""
    assert status_of(fields(if_match=b'"t,a"', if_unmodified_since=BEFORE), FILE) == 200
    assert status_of(fields(if_unmodified_since=BEFORE, if_none_match=b"*"), FILE) == 412
    assert status_of(fields(if_unmodified_since=DATE, if_none_match=b"*"), FILE) == 304
    assert status_of(fields(if_none_match=b'"x"', if_modified_since=AFTER), FILE) == 200
    assert status_of(fields(if_modified_since=BEFORE), FILE) == 200
    assert status_of(fields(if_modified_since=DATE), FILE) == 304


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 30))
def test_parts_are_slices(first: int, last: int, length: int) -> None:
    """A range is what Python's slices say, if it begins within the file; backwards it is none."""
    content = bytes(range(length))
    part = part_of(fields(range=b"bytes=%d-%d" % (first, last)), FILE, length)
    open_ended = part_of(fields(range=b"bytes=%d-" % first), FILE, length)
    ending = part_of(fields(range=b"bytes=-%d" % last), FILE, length)

    assert part is None if last < first else _bytes(part, content) == content[first : last + 1]
    assert _bytes(open_ended, content) == content[first:]
    assert _bytes(ending, content) == (content[-last:] if last else b"")


def _bytes(part: Part | str | None, content: bytes) -> bytes:
    assert part is not None
    return content[part.first : part.last + 1] if isinstance(part, Part) else b""


def test_ranges_of_an_empty_file() -> None:
    """It has no byte to begin with."""
    assert part_of(fields(range=b"bytes=0-"), FILE, 0) == BEYOND
    assert part_of(fields(range=b"bytes=-1"), FILE, 0) == BEYOND


def test_numbers_of_any_length() -> None:
    """More digits than numbers have are compared all the same."""
    assert part_of(fields(range=b"bytes=18446744073709551616-10000000000000000000000000000000"), FILE, 9) == BEYOND
    assert part_of(fields(range=b"bytes=2-" + b"9" * 6000), FILE, 9) == Part(2, 8)
    assert part_of(fields(range=b"bytes=" + b"9" * 30 + b"-" + b"8" * 30), FILE, 9) is None
    assert part_of(fields(range=b"bytes=" + b"0" * 6000 + b"1-1"), FILE, 9) == Part(1, 1)


def test_if_range() -> None:
    """The range counts for the strong tag and for exactly its date."""
    told = {
        value: part_of(fields(range=b"bytes=0-0", if_range=value), FILE, 9)
        for value in (b'"t,a"', DATE, AFTER, BEFORE, b"x")
    }

    assert list(told.values()) == [Part(0, 0), Part(0, 0), None, None, None]
