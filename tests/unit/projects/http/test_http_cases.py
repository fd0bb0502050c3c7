"""The tables of broken requests: what their bytes are, how they are shown, and that each is broken where it says."""

from __future__ import annotations

import pytest

from climb.judge.choices import Choices
from climb.judge.evidence import Comparison
from climb.judge.expect import Failure
from climb.projects.http.stages.broken_framing import (
    broken_chunks,
    broken_codings,
    broken_lengths,
    two_framings,
    two_lengths,
)
from climb.projects.http.stages.broken_heads import all_heads, hosts
from climb.projects.http.stages.cases import Case, marked, shown

HOST = "127.0.0.1:8080"


def heads(seed: str = "1") -> list[Case]:
    return all_heads(Choices(seed), HOST)


def framings(seed: str = "1") -> list[Case]:
    draw = Choices(seed)
    return [
        *two_lengths(draw, HOST, 60),
        *broken_lengths(draw, HOST, 60),
        *two_framings(draw, HOST, 60),
        *broken_codings(draw, HOST),
        *broken_chunks(draw, HOST),
    ]


def test_the_marked_place_is_cut_out() -> None:
    """Marks are no bytes; each other character is one."""
    assert marked("GET⟦\xff⟧ /") == (b"GET", b"\xff", b" /")


def test_bytes_are_shown_escaped() -> None:
    """What a person can't see is written as an escape, and a backslash twice."""
    assert shown(b"a\\\t\r\n\x00\xe9") == "a\\\\\\t\\r\\n\\x00\\xe9"


def test_a_case_fails_with_its_bytes_and_its_place() -> None:
    """The report has the escaped bytes, the mark, the section and the reason."""
    case = next(each for each in heads() if each.name == "two spaces behind the method")

    with pytest.raises(Failure) as raised:
        case.blame("status 400", "200 OK")

    comparison = raised.value.evidence[0]
    assert isinstance(comparison, Comparison)
    assert comparison.saw is not None
    assert comparison.saw.startswith("GET ⟦ ⟧/mirror/")
    assert comparison.why.endswith("(RFC 9112, 3)")


@pytest.mark.parametrize("case", [*heads(), *framings()], ids=lambda case: f"{case.name} {case.broken!r}")
def test_no_mark_is_left_in_a_case(case: Case) -> None:
    """A case is bytes, and has a reason, a section and a status that refuses."""
    assert "⟦".encode() not in case.data
    assert case.why.endswith((".", "?"))
    assert case.section.startswith("RFC ")
    assert set(case.statuses) <= {400, 501, 505}


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_cases_are_drawn(seed: str) -> None:
    """The same seed gives the same bytes, another one gives others."""
    assert [case.data for case in heads(seed)] == [case.data for case in heads(seed)]
    assert [case.data for case in heads(seed)] != [case.data for case in heads("other")]


def test_good_hosts_are_whole_requests() -> None:
    """What must be served has one Host, or is of HTTP/1.0."""
    _, good = hosts(HOST)

    assert all(data.endswith(b"\r\n\r\n") and data.count(b"Host:") == (b"HTTP/1.1" in data) for data in good)


def test_a_length_swallows_what_is_hidden() -> None:
    """One of two lengths ends with the body, the other behind the hidden request."""
    cases = two_lengths(Choices("1"), HOST, 60)

    assert sum(b": 65\r\n" in case.data and b": 5\r\n" in case.data for case in cases) == 4
