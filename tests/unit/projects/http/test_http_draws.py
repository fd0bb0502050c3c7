"""Random requests: all of them are allowed by the brief, and small draws make plain ones."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from climb.judge.choices import Choices
from climb.projects.http.driver.chunks import draw_chunked
from climb.projects.http.driver.draws import (
    draw_body,
    draw_cuts,
    draw_fields,
    draw_method_token,
    draw_path,
    draw_target,
    draw_text,
    escaped,
    white_space,
)
from climb.projects.http.rules.resources import METHODS
from climb.projects.http.rules.targets import read_target

TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
SEEDS = [f"seed {number}" for number in range(40)]


@pytest.fixture(params=SEEDS)
def draw(request: pytest.FixtureRequest) -> Choices:
    """Forty different streams of draws."""
    return Choices(request.param)


def nothing() -> Choices:
    """Each draw is the smallest one."""
    return Choices("", forced=[])


def test_a_target_is_printable_ascii(draw: Choices) -> None:
    """No space, no fragment; a percent sign is followed by two digits, and stands in the query alone."""
    target = draw_target(draw)

    assert re.fullmatch(r"/mirror(/[^\s#%?]+)*(\?([^\s#%]|%[0-9A-Fa-f]{2})*)?", target)
    assert all(0x21 <= ord(one) <= 0x7E for one in target)
    assert read_target(target).path == target.partition("?")[0]


def test_no_segment_is_of_dots_alone(draw: Choices) -> None:
    """What a server may take for a step upwards is not drawn where nothing is claimed about it."""
    assert not any(re.fullmatch(r"\.+", segment) for segment in draw_path(draw).split("/"))


def test_escaped_text_is_one_segment(draw: Choices) -> None:
    """It has no character that ends a segment, and is the text again when it is decoded once."""
    text = draw_text(draw)
    raw = escaped(draw.source(), text)

    assert not re.search(r"[/?#\s]", raw)
    assert read_target(f"/{raw}").path == f"/{text}"


def test_fields_are_well_formed(draw: Choices) -> None:
    """Names are tokens that mean nothing to anybody; values have no control characters and no white space around them."""
    for name, value in draw_fields(draw):
        assert TOKEN.fullmatch(name)
        assert name.lower().startswith("x-")
        assert re.fullmatch(r"[\t\x20-\x7e]*", value)
        assert value == value.strip(" \t")
    assert not white_space(draw).strip(" \t")


def test_a_foreign_method_is_a_token(draw: Choices) -> None:
    """It is none of the six of the contract."""
    method = draw_method_token(draw)

    assert TOKEN.fullmatch(method)
    assert method not in METHODS


def test_cuts_are_inside(draw: Choices) -> None:
    """They are in order, none twice, and no piece is empty."""
    cuts = draw_cuts(draw, 10)

    assert cuts == sorted(set(cuts))
    assert all(0 < cut < 10 for cut in cuts)


def test_a_body_is_not_too_long(draw: Choices) -> None:
    """It has at most as many bytes as the check allows."""
    assert len(draw_body(draw, at_most=50)) <= 50


def test_chunks_are_the_body(draw: Choices) -> None:
    """Sizes, bytes and line ends are where RFC 9112, 7.1 has them, and the trailers come behind the last chunk."""
    body = draw_body(draw, at_most=3_000)
    chunked = draw_chunked(draw, body, digits=True, extensions=True, trailers=[("X-End", "1")])

    *chunks, rest = parts(chunked.sent)
    assert b"".join(chunks) == body
    assert [int(re.split("[ \t;]", line)[0], 16) for line in chunked.size_lines] == [*map(len, chunks), 0]
    assert rest == b"X-End: 1\r\n\r\n"


def test_small_draws_are_plain() -> None:
    """What shrinking ends at: the shortest target, no fields, nothing cut, one chunk in plain digits."""
    assert draw_target(nothing()) == "/mirror"
    assert draw_text(nothing()) == "a"
    assert draw_fields(nothing()) == []
    assert draw_cuts(nothing(), 100) == []
    assert draw_chunked(nothing(), b"x").sent == b"1\r\nx\r\n0\r\n\r\n"


def parts(sent: bytes) -> Iterator[bytes]:
    """The bytes of each chunk, then what follows the last one."""
    while True:
        line, _, sent = sent.partition(b"\r\n")
        digits = re.match(rb"[0-9A-Fa-f]{1,16}(?=[ \t]*;|$)", line)
        assert digits
        size = int(digits[0], 16)
        if size == 0:
            yield sent
            return
        yield sent[:size]
        assert sent[size : size + 2] == b"\r\n"
        sent = sent[size + 2 :]
