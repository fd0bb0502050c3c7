"""What a Range field means."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from climb.projects.http.rules.ranges import Kind, Part, part_of


@pytest.mark.parametrize(
    ("field", "part"),
    [
        ("bytes=0-0", Part(Kind.PART, 0, 0)),
        ("bytes=2-5", Part(Kind.PART, 2, 5)),
        ("bytes=002-5", Part(Kind.PART, 2, 5)),
        ("bytes=7-", Part(Kind.PART, 7, 9)),
        ("bytes=7-99", Part(Kind.PART, 7, 9)),
        ("bytes=-3", Part(Kind.PART, 7, 9)),
        ("bytes=-99", Part(Kind.PART, 0, 9)),
        ("bytes=10-", Part(Kind.BEYOND)),
        ("bytes=99-100", Part(Kind.BEYOND)),
        ("bytes=-0", Part(Kind.BEYOND)),
        ("bytes=5-2", Part(Kind.IGNORED)),
        ("bytes=99-2", Part(Kind.IGNORED)),
        ("bytes=0-1,3-4", Part(Kind.IGNORED)),
        ("lines=0-1", Part(Kind.IGNORED)),
        ("bytes=-", Part(Kind.IGNORED)),
        ("bytes=", Part(Kind.IGNORED)),
        ("bytes=1_0-2_0", Part(Kind.IGNORED)),
        ("bytes=+1-2", Part(Kind.IGNORED)),
        ("bytes=٣-٤", Part(Kind.IGNORED)),
    ],
)
def test_a_field_means_this_of_ten_bytes(field: str, part: Part) -> None:
    """Each form of a range, what is beyond the end, and what is no range."""
    assert part_of(field, 10) == part


def test_nothing_of_an_empty_file_can_be_asked_for() -> None:
    """Its first byte is behind its last."""
    assert part_of("bytes=0-", 0).kind is Kind.BEYOND


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 20))
def test_a_part_is_a_slice(first: int, length: int, size: int) -> None:
    """From the first byte to the last is what slicing gives."""
    content = bytes(range(size))

    part = part_of(f"bytes={first}-{first + length}", size)

    assert content[first : first + length + 1] == content[part.first : part.last + 1]


def test_content_range_names_part_and_size() -> None:
    """Of a part its ends; of what is beyond the end the size alone."""
    assert part_of("bytes=2-5", 10).content_range(10) == "bytes 2-5/10"
    assert part_of("bytes=10-", 10).content_range(10) == "bytes */10"
