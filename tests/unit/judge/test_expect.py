"""Demands: what holds passes silently, what does not ends the check with evidence."""

from typing import Any

import pytest

from climb.judge.evidence import Comparison, Reading
from climb.judge.expect import Failure, expect, fail, within


def comparison(failed: pytest.ExceptionInfo[Failure]) -> Comparison:
    found = failed.value.evidence[0]
    assert isinstance(found, Comparison)
    return found


def test_equal_values_pass() -> None:
    """Equal values, and mappings that agree on the expected keys, raise nothing."""
    expect({1, 2}, "ports").equals({2, 1}, why="")
    expect({"a": 1, "more": 2}, "line").equals({"a": 1}, why="")
    expect([], "missing").equals([], why="")


def test_a_difference_is_evidence() -> None:
    """The failure carries subject, expected, received, why, and what was seen."""
    with pytest.raises(Failure) as failed:
        expect({80}, "open ports").equals({80, 81}, why="it listens", saw=7)

    found = comparison(failed)
    assert failed.value.subject == found.subject == "open ports"
    assert (found.expected, found.received) == ("[80, 81]", "[80]")
    assert (found.difference, found.why, found.saw) == (("missing  [81]",), "it listens", "7")


def test_a_missing_key_is_no_null() -> None:
    """An expected null must be there."""
    with pytest.raises(Failure):
        expect({}, "line").equals({"rtt_ms": None}, why="")


def test_bounds_hold_at_their_limit() -> None:
    """at_most and at_least include the limit."""
    expect(3, "n").at_most(3, why="")
    expect(3.0, "n").at_least(3, why="")


@pytest.mark.parametrize("value", ["3", None, True, [3], {}, float("nan")])
def test_what_is_no_number_keeps_no_bound(value: Any) -> None:
    """A program may print a text, null or true where a number is due: that fails the program, not the judge."""
    with pytest.raises(Failure) as failed:
        expect(value, "n").at_most(5, why="")
    with pytest.raises(Failure):
        expect(value, "n").at_least(0, why="")

    assert comparison(failed).expected == "at most 5"


def test_a_rule_in_words() -> None:
    """satisfies() shows the words of the rule."""
    with pytest.raises(Failure) as failed:
        expect(-1, "rtt_ms").satisfies(lambda rtt: rtt >= 0, expected="zero or more", why="")

    assert (comparison(failed).expected, comparison(failed).received) == ("zero or more", "-1")


def test_fail_takes_its_words_as_they_are() -> None:
    """fail() neither quotes nor cuts."""
    with pytest.raises(Failure) as failed:
        fail("it", expected="this", received="that", why="so", saw=None)

    found = comparison(failed)
    assert (found.expected, found.received, found.why, found.saw) == ("this", "that", "so", None)


def test_a_measurement_within_its_limit_passes() -> None:
    """A value at the limit holds."""
    within(2.0, 2.0, "the scan", unit="s", calibration="", why="")


def test_a_measurement_over_its_limit_is_a_reading() -> None:
    """The evidence has the number, the limit, and where the limit came from."""
    with pytest.raises(Failure) as failed:
        within(2.5, 2.0, "the scan", unit="s", calibration="twice the timeout", why="it waits")

    reading = failed.value.evidence[1]
    assert isinstance(reading, Reading)
    assert (reading.value, reading.limit, reading.calibration) == (2.5, 2.0, "twice the timeout")
    assert comparison(failed).expected == "at most 2 s: twice the timeout"
