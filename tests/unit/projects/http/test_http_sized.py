"""Requests of a given size."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from climb.judge.choices import Choices
from climb.projects.http.stages.sized import (
    HEADS,
    chunked_with_extension,
    chunked_with_trailers,
    head_of,
    line_of,
)

HOST = "127.0.0.1:65535"


@given(st.integers(300, 5_000), st.sampled_from(tuple(HEADS)))
def test_a_head_has_the_size_that_was_asked_for(size: int, shape: str) -> None:
    """To the byte, and it is whole."""
    head = head_of(size, HOST, shape)

    assert len(head) == size
    assert head.endswith(b"\r\n\r\n")
    assert head.count(b"\r\n\r\n") == 1


@given(st.integers(60, 5_000))
def test_a_request_line_has_the_size_that_was_asked_for(size: int) -> None:
    """Its CRLF included."""
    assert line_of(size, HOST).index(b"\r\n") + 2 == size


@given(st.integers(60, 5_000))
def test_trailers_have_the_size_that_was_asked_for(size: int) -> None:
    """Their empty line included."""
    data = chunked_with_trailers(size, HOST)

    assert len(data.partition(b"\r\n0\r\n")[2]) == size


@given(st.integers(60, 5_000), st.integers(0, 9))
def test_a_chunk_line_has_the_size_that_was_asked_for(size: int, seed: int) -> None:
    """Without its CRLF, wherever the chunk is."""
    data = chunked_with_extension(size, HOST, Choices(str(seed)))

    assert max(map(len, data.split(b"\r\n"))) == size


def test_what_does_not_fit_is_our_mistake() -> None:
    """A head can't be shorter than what it must have."""
    with pytest.raises(ValueError, match="do not fit into 20 bytes"):
        head_of(20, HOST, "one long field")
